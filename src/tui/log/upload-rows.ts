import type { UploadEvent, UploadMention } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import { bar, sizeText } from '../text/measures.js';
import { failureText } from '../text/sentence.js';
import type { Span } from './spans.js';
import { homely, shortId, span, todo } from './spans.js';

const BAR = 20;

/** What was uploaded: name, size, type. */
export function uploadHead({ name, size, type }: UploadMention): Span[] {
  return [
    span(cleanLine(name), 'strong'),
    span(`  ${sizeText(size)}${type === undefined ? '' : ` · ${cleanLine(type)}`}`),
  ];
}

function progress(says: string, { bytes, size }: UploadEvent): Span[] {
  const part = size === 0 ? 1 : bytes / size;
  const { filled, rest } = bar(part, BAR);
  return [
    span(filled, 'accent'),
    span(rest, 'border'),
    span(` ${String(Math.floor(part * 100)).padStart(3)} %  `, 'text'),
    span(`${says} · ${sizeText(bytes)}`),
  ];
}

/** How it stands here, and what can be done. */
export function uploadState({ id }: UploadMention, own: boolean, state: UploadEvent | undefined, home: string): Span[] {
  switch (state?.state) {
    case 'uploading':
      return progress('uploading', state);
    case 'downloading':
      return progress('fetching', state);
    case 'done':
      return [span('✓ ', 'ok'), span(cleanLine(homely(state.path ?? 'here', home), 500), 'text')];
    case 'expired':
      return [span('The directory has it no longer: whoever has it may upload it again')];
    case 'failed':
      return [
        span('✗ ', 'error'),
        span(state.error ? cleanLine(failureText(state.error), 500) : 'It failed.', 'error'),
      ];
    default:
      return own
        ? [span('✓ ', 'ok'), span('kept sealed at the directory')]
        : todo([`/download ${shortId(id)}`, 'fetches it']);
  }
}
