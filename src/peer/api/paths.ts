import type { PresenceState } from '../../wire/directory.js';
import type { TransferEvent } from './events.js';

/** Who named an address: the device itself by way of the directory, an answer on the local network, or a person by hand. */
export type CandidateKind = 'directory' | 'lan' | 'given';

/** What became of dialling one of a device's addresses. */
export interface PathTry {
  readonly address: string;
  readonly by: CandidateKind;
  /**
   * `somebody else`: another program or machine answers there; `not dialled`: an inner address, of no network of ours;
   * `not needed`: another one answered first.
   */
  readonly result: 'refused' | 'no route' | 'no answer' | 'somebody else' | 'not dialled' | 'not needed';
}

/** How one device of a person is reached at the moment. */
export interface PathReport {
  readonly user: string;
  readonly device: string;
  readonly state: PresenceState;
  readonly path: 'direct' | 'lan' | 'relay' | 'mailbox' | 'none';
  /** Of a link: where it leads, and its round trip in ms. */
  readonly address?: string;
  readonly rtt?: number;
  /** The other addresses, and why they are not in use. */
  readonly tried: readonly PathTry[];
  /** How files go at the moment, where any do: round trip in ms, and the part of the datagrams that is lost. */
  readonly files?: Pick<TransferEvent, 'path' | 'rtt' | 'loss'>;
  /** Why not by a better path, and what to do about it. */
  readonly why: string;
  readonly hint: string;
}
