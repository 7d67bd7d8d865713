import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { OutboxRow } from '../storage/tables.js';
import type { Services } from './services.js';

/** Messages that will never be taken: said once; the text stays in the history. */
export async function giveUp(
  { history, feed, reporter }: Services,
  user: string,
  rows: readonly OutboxRow[],
  why: Failure,
): Promise<void> {
  const shown = rows.filter((row) => row.shown);
  for (const { id } of shown) {
    const failed = await history.update(id, (line) =>
      line.state === 'queued' ? { ...line, state: 'failed' } : undefined,
    );
    if (failed) feed.emit({ event: 'sent', id: hex(id), conversation: failed.conversation, state: 'failed' });
  }
  if (shown.length === 0) return;
  const what = shown.length === 1 ? 'a message' : `${shown.length} messages`;
  const hint = 'The text stays in the history, marked as failed; /delete ID takes it away.';
  reporter.report(`${what} to ${user} could not be sent and is not tried again`, Failure.from({ ...why.plain, hint }));
}
