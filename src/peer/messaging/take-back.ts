import type { LocalStore } from '../../store/local.js';
import type { MessageRow } from '../storage/tables.js';
import type { Conversation } from './conversation.js';
import type { History } from './history.js';

/**
 * Takes back a message of one's own: one that nobody has yet is gone, as if it had not been written; one between two people
 * that only some devices have goes to no more of them.
 * @returns whether nobody had it
 */
export function takeBack(
  conversation: Conversation,
  row: MessageRow,
  { disk, history }: { readonly disk: LocalStore; readonly history: History },
): Promise<boolean> {
  return conversation.enqueue(async () => {
    if (row.state === 'failed') {
      await disk.write(history.forget(row));
      return true;
    }
    const isUnsent = row.state === 'queued' && conversation.isUnsent(row.id);
    if (!isUnsent && (row.state === undefined || conversation.keepsPlaces)) return false;
    const gone = isUnsent ? history.forget(row) : [];
    await disk.write([...conversation.withdraw(row.id), ...gone]);
    return isUnsent;
  });
}
