import type { ChangeEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';

/** What a change to a message says beside it: what happens far back in a log is not seen there. */
export function changeSays({ change, from, poll }: ChangeEvent): string | undefined {
  const who = cleanLine(from);
  switch (change) {
    case 'pinned':
      return `${who} pinned a message: /pins lists them`;
    case 'unpinned':
      return `${who} took a pinned message off`;
    case 'closed': {
      const result = poll?.options.map(({ text, by }) => `${cleanLine(text, 100)} ${by.length}`).join(', ') ?? '';
      return `${who} closed the poll “${cleanLine(poll?.question ?? '', 300)}”: ${result}`;
    }
    default:
      return undefined;
  }
}
