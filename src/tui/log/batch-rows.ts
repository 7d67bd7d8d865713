import { cleanLine } from '../../wire/text.js';
import type { TransferState } from './entry.js';
import { type Span, span, todo } from './spans.js';

const NAMED = 3;

const named = (some: readonly TransferState[]): string => {
  const names = some.slice(0, NAMED).map(({ event }) => cleanLine(event.peer));
  return some.length > NAMED ? `${names.join(', ')} …` : names.join(', ');
};

/** How it stands with all who were offered the same, in one row; the list of transfers has each of them. */
export function batchSpans(batch: readonly TransferState[]): Span[] {
  const are = (...states: readonly TransferState['event']['state'][]): TransferState[] =>
    batch.filter(({ event }) => states.includes(event.state));
  const [done, running, waiting] = [are('done'), are('running', 'paused'), are('offered', 'accepted')];
  const [failed, declined] = [are('failed'), are('declined')];
  const bytes = running.reduce((sum, { event }) => sum + event.bytes, 0);
  const size = running.reduce((sum, { event }) => sum + event.size, 0);
  const parts: Span[] = [
    ...(done.length > 0 ? [span(`✓ ${done.length} have it`, 'ok')] : []),
    ...(running.length > 0
      ? [span(`${running.length} on the way, ${size === 0 ? 100 : Math.floor((100 * bytes) / size)} %`, 'accent')]
      : []),
    ...(waiting.length > 0 ? [span(`… ${waiting.length} waiting`)] : []),
    ...(failed.length > 0 ? [span(`✗ failed: ${named(failed)}`, 'error')] : []),
    ...(declined.length > 0 ? [span(`declined: ${named(declined)}`)] : []),
  ];
  const apart = parts.flatMap((part, at) => (at === 0 ? [part] : [span(' · '), part]));
  return [span(`to ${batch.length}: `, 'text'), ...apart, span(' · '), ...todo(['F6', 'lists them'])];
}
