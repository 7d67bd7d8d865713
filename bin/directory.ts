import type { DirectoryOptions, RunningDirectory } from '../src/cli/parts.js';
import { startDirectory as start } from '../src/directory/directory.js';

const split = (listen: string): { host: string; port: number } => {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) };
};

/** The directory as the command line sees it. */
export async function startDirectory({ listen, ...options }: DirectoryOptions): Promise<RunningDirectory> {
  const directory = await start({ ...options, listen: split(listen) });
  return {
    get link() {
      return directory.link;
    },
    get ownerInvite() {
      return directory.ownerInvite;
    },
    command: async () => [],
    ended: directory.ended.then(() => undefined),
    close: () => directory.close(),
  };
}
