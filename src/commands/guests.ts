import { Failure } from '../base/errors.js';
import type { GuestEvent } from '../peer/api/guests.js';
import { type Command, define } from './command.js';
import { guestLines, guestNotice, guestProgress } from './guest-lines.js';
import { untilOver } from './until-over.js';

const offline = (): Failure =>
  new Failure('directory-offline', 'the directory cannot be reached, and it holds what links for guests open', {
    hint: 'Try again when it is back; in the chat /share waits for it.',
  });

const share = define({
  name: 'share',
  slash: 'share',
  parameters: {
    path: { type: 'path', about: 'the file or folder; a folder becomes one zip archive' },
    count: { type: 'count', flag: true, optional: true, about: 'how often the link may be used; 10 by default' },
    for: { type: 'seconds', flag: true, optional: true, about: 'how long, such as 24h; 7d by default' },
  },
  about: 'Make a link by which somebody without p2pchat fetches a file or folder with a browser, sealed end to end.',
  examples: { slash: '~/plan.pdf --count 1 --for 24h', shell: 'plan.pdf --count 1 --for 24h' },

  async *run(peer, { path, count, for: seconds }, { face }) {
    const begin = (): Promise<GuestEvent> => peer.guests.share(path, { count, seconds });
    // The chat shows the events by itself.
    if (face === 'slash') await begin();
    else if (peer.directoryState === 'offline') throw offline();
    else
      yield* untilOver(peer, {
        begin,
        follow: (listener: (event: GuestEvent) => void) => peer.guests.follow(listener),
        over: (id) => peer.guests.ready(id),
      });
  },
  lines: (event, { now }) => (event.state === 'open' ? guestNotice(event, now()) : []),
  progress: guestProgress,
});

const collect = define({
  name: 'collect',
  slash: 'collect',
  parameters: {
    name: { type: 'words', optional: true, about: 'what for, as guests see it' },
    count: { type: 'count', flag: true, optional: true, about: 'how many files it takes; 10 by default' },
    for: { type: 'seconds', flag: true, optional: true, about: 'how long, such as 24h; 7d by default' },
    size: { type: 'size', flag: true, optional: true, about: 'how large a file may be, such as 100MB; 1GB by default' },
  },
  about: 'Make a link by which somebody without p2pchat hands in files with a browser, sealed for you.',
  examples: { slash: 'photos of the trip --count 5 --size 200MB', shell: "'photos of the trip' --count 5" },

  async *run(peer, { name = '', count, for: seconds, size }, { face }) {
    const event = await peer.guests.collect(name, { count, seconds, size });
    if (face !== 'slash') yield event;
  },
  lines: (event, { now }) => [...guestNotice(event, now()), 'What they hand in comes while a chat or listen runs.'],
});

const list = define({
  name: 'share list',
  slash: 'shares',
  empty: 'There are no links for guests.',
  parameters: {},
  about: 'List your links for guests, with how often each was used.',
  examples: { slash: '', shell: '' },

  async *run(peer) {
    yield* await peer.guests.list();
  },
  lines: (event, { now }) => guestLines(event, now()),
});

const end = define({
  name: 'share end',
  slash: 'endshare',
  parameters: { id: { type: 'word', about: 'beginning of its id, as share list shows it' } },
  about: 'End a link for guests at once: what was behind it is gone from the directory.',
  examples: { slash: '1f3a', shell: '1f3a' },

  async *run(peer, { id }, { face }) {
    const event = await peer.guests.end(id);
    if (face !== 'slash') yield event;
  },
  lines: (event, { now }) => guestNotice(event, now()),
});

export const guestCommands: readonly Command[] = [share, list, end, collect];
