import type { Failure } from '../../base/errors.js';

/** What the directory counts of its own work. Names of requests and codes, never who or what. */
export interface Meter {
  /** A request has been answered. @param failure what it was refused or failed with */
  request(name: string, ms: number, failure?: Failure): void;
  /** A message was taken for a group. */
  posted(): void;
  /** So many sealed messages were laid into mailboxes. */
  mailed(count: number): void;
  /** So many notices of messages were written to devices that are connected. */
  delivered(count: number): void;
  /** So many messages were read from mailboxes by devices that had been away. */
  collected(count: number): void;
  /** A signal was passed on between devices. */
  signalled(): void;
  /** Sealed bytes of files for groups: taken in, given out. */
  uploaded(bytes: number): void;
  downloaded(bytes: number): void;
  /** The store has done something. */
  stored(deed: StoreDeed, ms: number): void;
}

export type StoreDeed = 'read' | 'write' | 'append' | 'blob';

const ignore = (): void => {};

/** Where nobody asks for figures. */
export const silentMeter: Meter = {
  ...{ request: ignore, posted: ignore, mailed: ignore, delivered: ignore, collected: ignore },
  ...{ signalled: ignore, uploaded: ignore, downloaded: ignore, stored: ignore },
};
