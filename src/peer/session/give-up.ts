import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { DeliveryState } from '../api/events.js';
import { conversationWith } from '../messaging/conversation.js';
import type { OutboxRow } from '../storage/tables.js';
import type { Services } from './services.js';

/** Lines that are looked through for what was stored and never fetched. */
const LOOKED_AT = 1_000;

/** Messages that will never be taken: said once; the text stays in the history. */
export async function giveUp(
  services: Services,
  user: string,
  rows: readonly OutboxRow[],
  why: Failure,
): Promise<void> {
  const shown = rows.filter((row) => row.shown).map(({ id }) => id);
  const failed = await fail(services, shown, ['queued']);
  if (failed === 0) return;
  const hint = 'The text stays in the history, marked as failed; /delete ID takes it away.';
  const what = `${messages(failed)} to ${user} could not be sent and ${failed === 1 ? 'is' : 'are'} not tried again`;
  services.reporter.report(what, Failure.from({ ...why.plain, hint }));
}

/**
 * The person has another identity now, which is about to be accepted. What was written to the one before and has reached
 * nobody is not for this one: it fails, and is told. What was said before is sealed for nobody new.
 */
export async function giveUpFormer(services: Services, user: string): Promise<void> {
  const { sender, directGroups, history, reporter } = services;
  await sender.enqueue(user, async () => {
    const lost = (await history.stored(conversationWith(user), LOOKED_AT)).map(({ id }) => id);
    for (const { id, shown } of await sender.drop(user)) if (shown) lost.push(id);
    const head = await history.head(conversationWith(user));
    head.former = head.last;
    // Writes the head.
    await directGroups.abandon(user);
    const failed = await fail(services, lost, ['queued', 'stored']);
    if (failed > 0) reporter.report(`${messages(failed)} to ${user}`, new Failure('identity-former'));
  });
}

/** @returns how many lines were on their way until now */
async function fail(
  { history, feed }: Services,
  ids: readonly Uint8Array[],
  states: readonly DeliveryState[],
): Promise<number> {
  let failed = 0;
  for (const id of ids) {
    const row = await history.update(id, (line) =>
      line.state !== undefined && states.includes(line.state) ? { ...line, state: 'failed' } : undefined,
    );
    if (row === undefined) continue;
    failed++;
    feed.emit({ event: 'sent', id: hex(id), conversation: row.conversation, state: 'failed' });
  }
  return failed;
}

const messages = (count: number): string => (count === 1 ? 'a message' : `${count} messages`);
