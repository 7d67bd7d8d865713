import { Failure } from '../base/errors.js';
import type { DeliveryState } from '../peer/api/events.js';
import type { PeerApi, SendResult } from '../peer/api/peer.js';
import { define } from './command.js';
import { field } from './format-message.js';
import { chosenMessage } from './message-selector.js';

const ORDER: readonly DeliveryState[] = ['queued', 'failed', 'stored', 'delivered', 'read'];
const PATIENCE_S = 15;
/** Only a direct link can bring it there, and that is quick. */
const TROUBLED_S = 3;

const reached = (state: DeliveryState, wanted: DeliveryState): boolean => ORDER.indexOf(state) >= ORDER.indexOf(wanted);

const SAYS: Readonly<Record<DeliveryState, (to: string) => string>> = {
  queued: (to) => `Queued for ${to}: it goes out as soon as ${to} or the directory can be reached.`,
  failed: (to) => `Not sent to ${to}, and not tried again.`,
  stored: (to) => `Stored for ${to}: the directory keeps it, sealed, until they are back.`,
  delivered: (to) => `Delivered to ${to}.`,
  read: (to) => `Read by ${to}.`,
};

/** What the directory is away for is no absence, and waiting longer changes nothing. */
const kept = ({ plain }: Failure): Failure =>
  Failure.from({ ...plain, message: `${plain.message} The message is kept here, queued.` });

const failedForGood = ({ conversation }: SendResult): Failure =>
  new Failure('not-sent', `The message to ${conversation} could not be sent and is not tried again.`);

function notReached(
  { state, conversation }: SendResult,
  wanted: 'stored' | 'delivered',
  directory: PeerApi['directoryState'],
): Failure {
  const hint = 'It is kept and goes out by itself: leave `p2pchat login` or `p2pchat listen` running.';
  if (wanted === 'stored' && directory === 'online') {
    return new Failure(
      'not-stored',
      `The directory could be reached, and no device of ${conversation} has been given the message in time; it is ${state}.`,
      { hint },
    );
  }
  return wanted === 'delivered'
    ? new Failure('not-delivered', `${conversation} could not be reached in time; the message is ${state}.`, { hint })
    : new Failure('not-stored', `Neither ${conversation} nor the directory could be reached in time.`, {
        hint,
      });
}

export const send = define({
  name: 'send',
  aliases: ['msg', 'dm', 'w', 'whisper', 'tell'],
  slash: 'msgto',
  slashTakes: { to: 'USER', text: 'TEXT' },
  parameters: {
    to: { type: 'conversation', about: 'the recipient: @user, user or #group' },
    text: { type: 'text', about: 'the message' },
    wait: {
      type: 'choice',
      choices: ['queued', 'stored', 'delivered'],
      fallback: 'stored',
      flag: true,
      optional: true,
      about: 'what to wait for; delivered counts as stored, too',
    },
    reply: { type: 'word', flag: true, optional: true, about: 'the id of the message to reply to' },
    timeout: { type: 'seconds', flag: true, optional: true, about: `seconds to wait, ${PATIENCE_S} by default` },
  },
  about: 'Send a message to a person or a group, signed and encrypted end to end.',
  examples: { slash: 'bob See you at six', shell: "bob 'See you at six'" },

  async *run(peer, { to, text, wait, timeout, reply }, context) {
    const replyTo = reply === undefined ? undefined : await chosenMessage(peer, reply, { current: to }, 'others');
    const sent = await peer.send(to, text, { ...(replyTo !== undefined && { replyTo }) });
    context.current = sent.conversation;
    // What is in a group's log is there for all its members.
    const wanted = wait === 'delivered' && sent.conversation.startsWith('#') ? 'stored' : wait;
    const waits = context.face !== 'slash' && wanted !== 'queued';
    const patience = Math.min(
      timeout ?? PATIENCE_S,
      peer.trouble === undefined ? Number.POSITIVE_INFINITY : TROUBLED_S,
    );
    const result = waits ? await peer.waitFor(sent.id, wanted, patience * 1000) : sent;
    yield { event: 'sent', ...result };
    if (result.state === 'failed') throw failedForGood(result);
    if (waits && !reached(result.state, wanted)) {
      throw peer.trouble === undefined ? notReached(result, wanted, peer.directoryState) : kept(peer.trouble);
    }
  },

  lines({ state, conversation }, { face }) {
    if (face === 'slash') return [];
    const inGroup = conversation.startsWith('#') && state !== 'queued';
    return [inGroup ? `Sent to ${field(conversation)}.` : SAYS[state](field(conversation))];
  },
});
