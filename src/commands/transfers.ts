import { Failure } from '../base/errors.js';
import { sizeText } from '../base/size.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';
import { define, type Face } from './command.js';
import { follow, isLaidDown } from './follow-transfer.js';
import { field } from './format-message.js';
import { detailLines, listLine, transferNotice } from './transfer-lines.js';
import { progressOf } from './transfer-progress.js';

const ID = { type: 'word', optional: true, about: 'beginning of its id; the newest offer, if left out' } as const;

export const accept = define({
  name: 'accept',
  slash: 'accept',
  parameters: {
    id: ID,
    folder: { type: 'path', optional: true, about: 'where the files go' },
  },
  about: 'Accept an offer; in the shell, wait until all of it has arrived.',
  examples: { slash: '1f3a ~/Videos', shell: '1f3a Videos' },
  transfers: true,

  async *run(peer, { id, folder }, { face }) {
    const begin = async (): Promise<readonly TransferEvent[]> => [await peer.files.accept(id, folder)];
    if (face === 'slash') await begin();
    else yield* follow(peer, { begin });
  },
  lines: (event, { face }) => transferNotice(event, face),
  progress: progressOf,
});

export const decline = define({
  name: 'decline',
  slash: 'decline',
  parameters: { id: ID },
  about: 'Decline an offer.',
  examples: { slash: '1f3a', shell: '1f3a' },

  async *run(peer, { id }, { face }) {
    const event = await peer.files.decline(id);
    if (face !== 'slash') yield event;
  },
  lines: (event, { face }) => transferNotice(event, face),
});

export const transfers = define({
  name: 'transfers',
  empty: 'There are no transfers.',
  slash: 'transfers',
  parameters: {
    action: {
      type: 'choice',
      choices: ['list', 'show', 'pause', 'resume', 'leave', 'cancel'],
      optional: true,
      about: 'what to do; without it, list them all',
    },
    id: { type: 'word', optional: true, about: 'beginning of the id' },
  },
  about: 'List transfers; show what limits one; pause, resume or cancel it; lay it down for whoever is away.',
  examples: { slash: 'pause 1f3a', shell: 'show 1f3a' },

  async *run(peer, { action = 'list', id }, { face }) {
    if (action === 'list') yield* peer.files.list().map(plain);
    else if (id === undefined) throw idNeeded();
    else if (action === 'show') yield { ...find(peer, id), detailed: true };
    else if (action === 'leave') yield* leave(peer, id, face);
    else yield plain(await peer.files.control(id, action));
  },
  lines: (event) => (event.detailed ? detailLines(event) : [listLine(event)]),
});

/** The chat shows by itself how far it is. */
async function* leave(peer: PeerApi, id: string, face: Face): AsyncGenerator<ReturnType<typeof plain>> {
  const begin = async (): Promise<readonly TransferEvent[]> => [await peer.files.leave(id)];
  if (face === 'slash') await begin();
  else for await (const event of follow(peer, { begin, enough: isLaidDown })) yield plain(event);
}

const plain = (event: TransferEvent): TransferEvent & { readonly detailed?: true } => event;

function find(peer: PeerApi, id: string): TransferEvent {
  const found = peer.files.list().filter((event) => event.id.startsWith(id.toLowerCase()));
  if (found.length === 1) return found[0]!;
  throw new Failure('transfer-unknown', 'There is no such transfer, or more than one.');
}

const idNeeded = (): Failure => new Failure('usage', 'Which transfer?', { hint: '/transfers lists them.' });

export const autoaccept = define({
  name: 'autoaccept',
  empty: 'No files are taken without asking.',
  slash: 'autoaccept',
  parameters: {
    who: { type: 'word', optional: true, about: 'a user, contacts (people you have written to), or all' },
    upTo: { type: 'size', optional: true, about: 'size of a transfer, such as 100MB, or none' },
    'per-day': {
      type: 'size',
      flag: true,
      optional: true,
      about: 'what one person may send in a day; by default ten times that size',
    },
  },
  slashTakes: { who: 'USER|contacts|all', upTo: 'SIZE|none', 'per-day': 'SIZE' },
  about: 'Set whose files are accepted without asking, and up to which size; without an argument, list these rules.',
  examples: { slash: 'bob 100MB', shell: 'contacts 10MB' },

  async *run(peer, { who, upTo, 'per-day': perDay }) {
    if (who !== undefined) {
      if (upTo === undefined) throw sizeNeeded();
      await peer.files.setRule({ who: who.replace(/^@/, ''), upTo, ...(perDay !== undefined && { perDay }) });
    }
    for (const rule of await peer.files.rules()) yield { event: 'rule' as const, ...rule };
  },
  lines: ({ who, upTo, perDay }) => [
    `files of ${field(who)} are taken without asking up to ${sizeText(upTo)}${perDay === undefined ? '' : `, ${sizeText(perDay)} a day`}`,
  ],
});

const sizeNeeded = (): Failure =>
  new Failure('usage', 'Up to which size?', { hint: 'Name it after the person: 100MB, 2GiB or none.' });
