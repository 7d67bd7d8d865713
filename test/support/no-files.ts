import type { FilesApi } from '../../src/peer/api.js';

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
    receive: () => {},
    setRule: never,
    rules: async () => [],
    play: never,
  };
}
