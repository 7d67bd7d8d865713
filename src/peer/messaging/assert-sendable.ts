import { Failure } from '../../base/errors.js';
import { TEXT_BYTES } from '../../wire/limits.js';

/** @throws Failure usage 'text-empty', limit 'text-too-long' */
export function assertSendable(body: string): void {
  if (body.trim() === '') throw new Failure('text-empty');
  const bytes = Buffer.byteLength(body);
  if (bytes > TEXT_BYTES) {
    throw new Failure('text-too-long', `the text has ${bytes} bytes, ${TEXT_BYTES} are possible`, {
      details: { bytes, limit: TEXT_BYTES },
    });
  }
}
