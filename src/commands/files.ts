import { Failure } from '../base/errors.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { OfferOptions, PeerApi } from '../peer/api/peer.js';
import { type Context, define } from './command.js';
import { follow, isLaidDown } from './follow-transfer.js';
import { transferNotice } from './transfer-lines.js';
import { progressOf } from './transfer-progress.js';

const PATIENCE_S = 15;

const OPTIONS = {
  pace: { type: 'delay', flag: true, optional: true, about: 'delay between bursts, such as 1ms' },
  rate: {
    type: 'rate',
    flag: true,
    optional: true,
    about: 'the highest rate, such as 50MB/s; by default what `speed` says',
  },
  trace: {
    type: 'path',
    flag: true,
    optional: true,
    about: 'file for a trace of the packets: qlog, as JSON, or called *.sqlog as JSON-SEQ',
  },
  wait: {
    type: 'choice',
    choices: ['offered', 'done'],
    fallback: 'done',
    flag: true,
    optional: true,
    about: 'what to wait for: the offer delivered or stored, or everything arrived',
  },
  leave: {
    type: 'switch',
    flag: true,
    optional: true,
    about: 'for whoever does not take it within seconds: lay it down at the directory, sealed; ends when it lies there',
  },
  timeout: {
    type: 'seconds',
    flag: true,
    optional: true,
    about: 'how long to wait: 30s, 5m; a bare number is seconds',
  },
} as const;

interface Given extends OfferOptions {
  readonly wait: 'offered' | 'done';
  readonly timeout?: number;
}

async function* send(
  peer: PeerApi,
  to: string,
  paths: readonly string[],
  { wait, timeout, ...options }: Given,
  context: Context,
): AsyncGenerator<TransferEvent> {
  const begin = (): Promise<readonly TransferEvent[]> => peer.files.offer(to, paths, options);
  if (context.face === 'slash') {
    // The chat shows the events of every transfer by itself.
    await begin();
    return;
  }
  if (wait === 'done' || options.leave) {
    const ms = timeout === undefined ? undefined : timeout * 1_000;
    const group = to.startsWith('#');
    yield* follow(peer, { begin, timeout: ms, group, ...(options.leave && { enough: isLaidDown }) });
    return;
  }
  for (const offer of await begin()) {
    yield offer;
    if (!(await peer.files.reached(offer.id, (timeout ?? PATIENCE_S) * 1_000))) throw notReached(offer.peer);
  }
}

const notReached = (who: string): Failure =>
  new Failure('not-stored', `Neither ${who} nor the directory could be reached in time.`);

export const file = define({
  name: 'file',
  aliases: ['sendfile'],
  slash: 'p2pfile',
  slashTakes: { to: 'USER|#GROUP', paths: 'PATH…', leave: '', pace: 'DELAY', rate: 'RATE' },
  parameters: {
    to: { type: 'conversation', about: 'whom they are for: @user, user, or #group for each of its members' },
    paths: { type: 'paths', about: 'files and folders' },
    name: {
      type: 'word',
      flag: true,
      optional: true,
      about: 'in the shell: what the file is called that is read from standard input (-) or from a pipe',
    },
    'skip-unreadable': {
      type: 'switch',
      flag: true,
      optional: true,
      about: 'send the rest where some of a folder may not be read, and name what is left out',
    },
    ...OPTIONS,
  },
  about: 'Send files and folders directly, encrypted end to end, over UDP; or lay them down for whoever is away.',
  examples: { slash: 'bob ~/holiday.zip', shell: 'bob holiday.zip photos/' },
  transfers: true,
  run: (peer, { to, paths, name: _, 'skip-unreadable': skipUnreadable = false, ...given }, context) =>
    send(peer, to, paths, { ...given, skipUnreadable }, context),
  lines: (event, { face }) => transferNotice(event, face),
  progress: progressOf,
});

export const video = define({
  name: 'video',
  slash: 'p2pvideo',
  slashTakes: { to: 'USER', file: 'FILE', leave: '', pace: 'DELAY', rate: 'RATE' },
  parameters: {
    to: { type: 'conversation', about: 'the recipient: @user, user or #group' },
    file: { type: 'path', about: 'the video' },
    ...OPTIONS,
  },
  about: 'Send a video that can be watched while it arrives.',
  examples: { slash: 'bob ~/film.mp4', shell: 'bob film.mp4 --rate 50MB/s' },
  transfers: true,
  run: (peer, { to, file: path, ...given }, context) => send(peer, to, [path], { ...given, video: true }, context),
  lines: (event, { face }) => transferNotice(event, face),
  progress: progressOf,
});
