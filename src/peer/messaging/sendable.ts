import { Failure } from '../../base/errors.js';
import { TEXT_BYTES } from '../../wire/limits.js';
import { cleanWhole } from '../../wire/text.js';

/**
 * A text as it is sent: cleaned, and whole. What is longer than a message may be is refused, never cut.
 * @throws Failure usage 'text-empty', limit 'text-too-long'
 */
export function sendable(text: string): string {
  const body = cleanWhole(text);
  if (body.trim() === '') throw new Failure('text-empty');
  const bytes = Buffer.byteLength(body);
  if (bytes <= TEXT_BYTES) return body;
  throw new Failure('text-too-long', `the text has ${bytes} bytes, ${TEXT_BYTES} are possible`, {
    details: { bytes, limit: TEXT_BYTES },
  });
}
