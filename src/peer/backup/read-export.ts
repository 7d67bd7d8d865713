import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '../../base/errors.js';
import { ExportVerifier } from '../../crypto/signed-export.js';
import { EXPORT_LINE_CHARS, type ExportedLine } from '../../wire/signed-export.js';
import type { VerifiedExport } from '../api/backup.js';

/** How every signed export begins. */
const BEGINS = '{"event":"export"';

/**
 * Reads a signed export to its end, and verifies it.
 * @param directoryId the fingerprint of the directory that is believed
 * @param take is handed each line before it is known whether the whole is in order
 * @throws Failure usage 'file-unreadable', 'export-invalid', trust 'export-…', 'act-forged'
 */
export async function verifyExport(
  path: string,
  directoryId: string,
  take: (line: ExportedLine) => Promise<void> | void = () => {},
): Promise<VerifiedExport> {
  const verifier = new ExportVerifier(directoryId);
  for await (const text of linesOf(path)) {
    if (text.trim() === '') continue;
    const line = verifier.take(parsed(text));
    if (line !== undefined) await take(line);
  }
  return verifier.finish();
}

export async function isSignedExport(path: string): Promise<boolean> {
  const stream = createReadStream(path, { end: BEGINS.length - 1 });
  let begins = '';
  try {
    for await (const chunk of stream) begins += String(chunk);
  } catch {
    return false;
  }
  return begins === BEGINS;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('file-unreadable', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  } finally {
    stream.destroy();
  }
}

function parsed(text: string): unknown {
  if (text.length > EXPORT_LINE_CHARS) throw new Failure('export-invalid');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('export-invalid', undefined, { cause: error });
  }
}
