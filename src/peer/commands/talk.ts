import { Failure } from '../../base/errors.js';
import type { Preferences } from '../api.js';
import { type Command, type Context, define, type Parameter } from './command.js';
import { field } from './lines.js';
import { chosenMessage, ofText } from './which.js';

const CONVERSATION = {
  type: 'conversation',
  optional: true,
  about: '@user or #group; in the chat the current one, if not given',
} as const satisfies Parameter;

/** The conversation that was named, or the one the chat is in. @throws Failure usage 'conversation-needed' */
function conversationHere(named: string | undefined, { current }: Context): string {
  const conversation = named ?? current;
  if (conversation !== undefined) return conversation;
  throw new Failure('usage', 'conversation-needed', 'Which conversation?', { hint: 'Name it: @user or #group.' });
}

const reply = define({
  name: 'reply',
  slash: 'reply',
  shell: false,
  parameters: { text: { type: 'text', about: 'the answer; before it may stand which message: 2 or an id' } },
  slashTakes: { text: '[N|ID] TEXT' },
  about: 'Answers the newest message of the conversation, or the Nth newest.',
  examples: { slash: '2 Yes, at six' },
  async *run(peer, { text }, context) {
    const to = conversationHere(undefined, context);
    const said = await ofText(peer, text, context);
    const replyTo = await chosenMessage(peer, said.which, context, 'others');
    yield { event: 'sent' as const, ...(await peer.send(to, said.text, { replyTo })) };
  },
  lines: () => [],
});

const read = define({
  name: 'read',
  slash: 'read',
  parameters: { conversation: CONVERSATION },
  about: 'Marks a conversation as read, and tells its authors so, if you let them be told.',
  examples: { slash: '@bob', shell: '@bob' },
  async *run(peer, { conversation }, context) {
    const chosen = conversationHere(conversation, context);
    await peer.markRead(chosen);
    yield { event: 'unread' as const, conversation: chosen, unread: 0, mentions: 0 };
  },
  lines: ({ conversation }) => [`${field(conversation)} is read.`],
});

const typing = define({
  name: 'typing',
  parameters: {
    conversation: { type: 'conversation', about: '@user or #group' },
    state: { type: 'choice', choices: ['started', 'stopped'], fallback: 'started', optional: true, about: 'which' },
  },
  about: 'Shows the others that you are typing, for some seconds; for bots. Needs a running chat or listen.',
  examples: { shell: '@bob started' },
  async *run(peer, { conversation, state }) {
    peer.typing(conversation, state === 'started');
    yield { event: 'typing' as const, conversation, user: peer.user, state };
  },
  lines: () => [],
});

type Wishes = { readonly event: 'preferences' } & Preferences;

const list = (names: readonly string[]): string => (names.length === 0 ? 'nobody' : names.map(field).join(' '));

const preferenceLines = ({ readReceipts, typing: isTyping, muted, blocked }: Wishes): string[] => [
  `receipts  ${readReceipts ? 'on' : 'off'}   read receipts, told and seen`,
  `typing    ${isTyping ? 'on' : 'off'}   who is typing, told and seen`,
  `muted     ${list(muted)}`,
  `blocked   ${list(blocked)}`,
];

const preferences = define({
  name: 'preferences',
  slash: 'preferences',
  parameters: {
    what: { type: 'choice', choices: ['receipts', 'typing'], optional: true, about: 'what to change' },
    value: { type: 'choice', choices: ['on', 'off'], optional: true, about: 'how' },
  },
  about: 'Shows what you want of this installation, who is muted and who blocked; turns things on or off.',
  examples: { slash: 'receipts off', shell: 'receipts off' },
  async *run(peer, { what, value }): AsyncIterable<Wishes> {
    if (what !== undefined && value === undefined) {
      throw new Failure('usage', 'usage', `${what}: on or off?`, { hint: `For example: preferences ${what} off` });
    }
    const key = what === 'receipts' ? 'readReceipts' : 'typing';
    if (what !== undefined) await peer.preferences.set({ [key]: value === 'on' });
    yield { event: 'preferences', ...peer.preferences.get() };
  },
  lines: preferenceLines,
});

export const talkCommands: readonly Command[] = [reply, read, typing, preferences];
