import { Failure } from '../base/errors.js';
import type { PeerApi, Preferences } from '../peer/api/peer.js';
import { EXPIRE_MAX_SECONDS } from '../wire/limits.js';
import { type Command, type Context, define } from './command.js';
import { conversationHere, HERE } from './conversation-here.js';
import { spanOf } from './duration.js';
import { field } from './format-message.js';
import { assertConversation, assertUsers } from './known.js';
import { chosenMessage, ofText } from './message-selector.js';

/** The same, once it is sure that there is such a one. @throws Failure unknown `user-unknown`, `group-unknown` */
async function existing(peer: PeerApi, named: string | undefined, context: Context): Promise<string> {
  const chosen = conversationHere(named, context);
  if (named !== undefined) await assertConversation(peer, chosen);
  return chosen;
}

const reply = define({
  name: 'reply',
  slash: 'reply',
  shell: false,
  parameters: { text: { type: 'text', about: 'the answer; before it may stand which message: 2 or an id' } },
  slashTakes: { text: '[N|ID] TEXT' },
  about: 'Reply to the newest message of the conversation, or to the Nth newest.',
  examples: { slash: '2 Yes, at six' },
  async *run(peer, { text }, context) {
    const to = conversationHere(undefined, context);
    const said = await ofText(peer, text, context);
    const replyTo = await chosenMessage(peer, said.which, context, 'others');
    yield { event: 'sent' as const, ...(await peer.send(to, said.text, { replyTo })) };
  },
  lines: () => [],
});

/** As XMPP has it (XEP-0245): the text begins with `/me `, and whoever shows it puts the name in its place. */
const me = define({
  name: 'me',
  slash: 'me',
  shell: false,
  parameters: { text: { type: 'text', about: 'what you do' } },
  about: 'Say what you do, as in a story: /me waves.',
  examples: { slash: 'waves' },
  async *run(peer, { text }, context) {
    const to = conversationHere(undefined, context);
    yield { event: 'sent' as const, ...(await peer.send(to, `/me ${text}`)) };
  },
  lines: () => [],
});

const read = define({
  name: 'read',
  slash: 'read',
  parameters: { conversation: HERE },
  about: 'Mark a conversation as read; sends read receipts unless you have turned them off.',
  examples: { slash: '@bob', shell: '@bob' },
  async *run(peer, { conversation }, context) {
    const chosen = await existing(peer, conversation, context);
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
  about: 'Show for some seconds that you are typing; for bots. Needs a running chat or listen.',
  examples: { shell: '@bob started' },
  async *run(peer, { conversation, state }) {
    await assertConversation(peer, conversation);
    peer.typing(conversation, state === 'started');
    yield { event: 'typing' as const, conversation, user: peer.user, state };
  },
  lines: () => [],
});

interface Lifetime {
  readonly event: 'setting';
  readonly conversation: string;
  /** Seconds; 0 for no end. */
  readonly expire: number;
}

function livable(seconds: number): number {
  if (seconds <= EXPIRE_MAX_SECONDS) return seconds;
  throw new Failure('argument-invalid', 'after: that is longer than messages can be told to live', {
    hint: `Give ${spanOf(EXPIRE_MAX_SECONDS)} at most, or off.`,
  });
}

const expire = define({
  name: 'expire',
  slash: 'expire',
  parameters: {
    after: { type: 'lifetime', optional: true, about: '30s, 5m, 1h, 2d, 1w, or off; without it, what holds now' },
    in: { ...HERE, flag: true },
  },
  slashTakes: { after: 'DURATION|off', in: 'CONVERSATION' },
  about: 'Set after how long new messages disappear, on all sides; without a time, show it.',
  examples: { slash: '1d', shell: '1d --in @bob' },
  async *run(peer, { after, in: named }, context): AsyncIterable<Lifetime> {
    const conversation = await existing(peer, named, context);
    if (after !== undefined) await peer.setLifetime(conversation, livable(after));
    const holds = { event: 'setting' as const, conversation, expire: await peer.lifetime(conversation) };
    // In the chat the change itself is told of, as an event.
    if (after === undefined || context.face !== 'slash') yield holds;
  },
  lines: ({ conversation, expire: seconds }) => [
    seconds === 0
      ? `Messages in ${field(conversation)} stay.`
      : `Messages in ${field(conversation)} disappear after ${spanOf(seconds)}.`,
  ],
});

type Wishes = { readonly event: 'preferences' } & Preferences;

const list = (names: readonly string[]): string => (names.length === 0 ? 'nobody' : names.map(field).join(' '));

const preferenceLines = ({
  readReceipts,
  typing: isTyping,
  lan,
  mapping,
  upgrades,
  muted,
  blocked,
}: Wishes): string[] => [
  `receipts  ${readReceipts ? 'on' : 'off'}   read receipts, told and seen`,
  `typing    ${isTyping ? 'on' : 'off'}   who is typing, told and seen`,
  `lan       ${lan ? 'on' : 'off'}   contacts found on the local network while the directory is away`,
  `mapping   ${mapping ? 'on' : 'off'}   the router here is asked to let others in (PCP, NAT-PMP)`,
  `upgrades  ${upgrades ? 'on' : 'off'}   told that a later version of the program is out`,
  `muted     ${list(muted)}`,
  `blocked   ${list(blocked)}`,
];

/** What `preferences` turns on and off, by the word for it. */
const SWITCHES = {
  receipts: 'readReceipts',
  typing: 'typing',
  lan: 'lan',
  mapping: 'mapping',
  upgrades: 'upgrades',
} as const;
type Switch = keyof typeof SWITCHES;

const preferences = define({
  name: 'preferences',
  slash: 'preferences',
  parameters: {
    what: { type: 'choice', choices: Object.keys(SWITCHES) as Switch[], optional: true, about: 'what to change' },
    value: { type: 'choice', choices: ['on', 'off'], optional: true, about: 'how' },
  },
  about:
    'Show your preferences and whom you have muted or blocked; turn receipts, typing, lan, mapping or upgrades on or off.',
  examples: { slash: 'receipts off', shell: 'receipts off' },
  async *run(peer, { what, value }): AsyncIterable<Wishes> {
    if (what !== undefined && value === undefined) {
      throw new Failure('usage', `${what}: on or off?`, { hint: `For example: preferences ${what} off` });
    }
    if (what !== undefined) await peer.preferences.set({ [SWITCHES[what]]: value === 'on' });
    yield { event: 'preferences', ...peer.preferences.get() };
  },
  lines: preferenceLines,
});

const wished = async function* (done: Promise<Preferences>): AsyncIterable<Wishes> {
  yield { event: 'preferences', ...(await done) };
};

/** `/mute #lobby`: in the chat the conversation one is in, if none is named. */
const quiet = (name: 'mute' | 'unmute', about: string): Command =>
  define({
    name,
    slash: name,
    parameters: { conversation: HERE },
    about,
    examples: { slash: '#lobby', shell: "'#lobby'" },
    async *run(peer, { conversation }, context) {
      const known = conversationHere(conversation, context);
      const isMuted = peer.preferences.get().muted.includes(known);
      const chosen = isMuted ? known : await existing(peer, conversation, context);
      yield* wished(peer.preferences.mute(chosen, name === 'mute'));
    },
    lines: ({ muted }) => [`muted     ${list(muted)}`],
  });

const shut = (name: 'block' | 'unblock', about: string): Command =>
  define({
    name,
    slash: name,
    parameters: { user: { type: 'user', about: 'whom' } },
    about,
    examples: { slash: 'bob', shell: 'bob' },
    async *run(peer, { user }) {
      if (!peer.preferences.get().blocked.includes(`@${user}`)) await assertUsers(peer, [user]);
      yield* wished(peer.preferences.block(user, name === 'block'));
    },
    lines: ({ blocked }) => [`blocked   ${list(blocked)}`],
  });

interface Here {
  readonly event: 'presence';
  readonly user: string;
  readonly state: 'online' | 'away';
}

const appear = async function* (peer: PeerApi, state: Here['state']): AsyncIterable<Here> {
  await peer.setPresence(state);
  yield { event: 'presence', user: peer.user, state };
};

const here = ({ state }: Here): string[] => [state === 'away' ? 'You are away.' : 'You are here.'];

const presence = define({
  name: 'presence',
  parameters: {
    state: { type: 'choice', choices: ['online', 'away'], about: 'how the running chat or listen appears' },
  },
  about: 'Show yourself as online or away until the program ends.',
  examples: { shell: 'away' },
  run: (peer, { state }) => appear(peer, state),
  lines: here,
});

const coming = (slash: 'away' | 'back', about: string): Command =>
  define({
    name: slash,
    slash,
    shell: false,
    parameters: {},
    about,
    examples: { slash: '' },
    run: (peer) => appear(peer, slash === 'away' ? 'away' : 'online'),
    lines: here,
  });

export const talkCommands: readonly Command[] = [
  reply,
  me,
  read,
  typing,
  expire,
  quiet('mute', 'Mute a conversation or a person: no notices, and their messages do not count as unread.'),
  quiet('unmute', 'Unmute a conversation or a person.'),
  shut('block', 'Block a person: nothing of theirs is shown, and they are not told.'),
  shut('unblock', 'Unblock a person: their new messages are shown, and in groups what they said meanwhile.'),
  preferences,
  presence,
  coming('away', 'Show yourself as away.'),
  coming('back', 'Show yourself as online again.'),
];
