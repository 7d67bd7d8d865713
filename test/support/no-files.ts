import type { GuestsApi } from '../../src/peer/api/guests.js';
import type { FilesApi } from '../../src/peer/api/peer.js';
import type { UploadsApi } from '../../src/peer/api/uploads.js';

/** Of a peer that has nothing to do with files. */
export function noFiles(): FilesApi {
  const never = async (): Promise<never> => {
    throw new Error('this peer has no files');
  };
  return {
    offer: never,
    reached: never,
    follow: () => () => {},
    list: () => [],
    accept: never,
    decline: never,
    control: never,
    leave: never,
    receive: () => {},
    setRule: never,
    rules: async () => [],
    speed: async () => ({}),
    setSpeed: never,
    play: never,
  };
}

export function noUploads(): UploadsApi {
  const never = async (): Promise<never> => {
    throw new Error('this peer has no uploads');
  };
  return { send: never, list: async () => [], download: never, remove: never, finished: never, follow: () => () => {} };
}

export function noGuests(): GuestsApi {
  const never = async (): Promise<never> => {
    throw new Error('this peer has no guests');
  };
  return { share: never, collect: never, ready: never, list: async () => [], end: never, follow: () => () => {} };
}
