import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { describe, type Source } from '../../transfer/transfer.js';
import { manifestCodec } from '../../wire/transfer-manifest.js';
import type { OfferOptions } from '../api/peer.js';
import type { TransferRow } from '../storage/tables.js';

/** What is offered, and found again after a restart. */

const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.webm': 'video/webm',
  '.mov': 'video/quicktime',
  '.avi': 'video/x-msvideo',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
  '.zip': 'application/zip',
  '.txt': 'text/plain',
};

/** By the name's ending; undefined for what is not known. */
export const typeOf = (path: string): string | undefined => TYPES[extname(path).toLowerCase()];

/** @throws Failure usage 'no-such-file', 'nothing-to-send', 'source-unreadable'; transfer 'too-many-files' */
export async function sourceOf(paths: readonly string[], skipUnreadable = false): Promise<Source> {
  const source = await describe(paths, { skipUnreadable });
  const files = source.manifest.files.map((file) => {
    const type = typeOf(file.path);
    return type === undefined ? file : { ...file, type };
  });
  return { ...source, manifest: { ...source.manifest, files } };
}

/** Whether files look as they did: names, sizes and times of change. */
export function stampOf({ files }: Source): Uint8Array {
  const hash = createHash('sha256');
  for (const { path, size, mtimeMs } of files) hash.update(`${path}\0${size}\0${mtimeMs}\0`);
  return hash.digest();
}

/** @throws Failure transfer 'source-changed' */
export async function sourceAgain({ source: kept, manifest }: TransferRow): Promise<Source> {
  const source = await sourceOf(kept!.paths, true).catch(() => undefined);
  const same =
    source !== undefined &&
    sameBytes(stampOf(source), kept!.stamp) &&
    sameBytes(manifestCodec.encode(source.manifest), manifest);
  if (same) return source;
  throw new Failure('source-changed', 'what was offered has changed since', { hint: 'Offer it again.' });
}

/** Before anything is offered. @throws Failure usage 'trace-unwritable' */
export async function assertTraceable(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw new Failure('trace-unwritable', `the trace cannot be written to '${path}'`, { cause });
  }
}

/** What is offered, as it was asked for. @throws Failure usage 'video-one', besides those of `sourceOf` */
export async function describeFor(
  paths: readonly string[],
  { video = false, trace, skipUnreadable }: OfferOptions,
): Promise<Source> {
  await assertTraceable(trace);
  const source = await sourceOf(paths, skipUnreadable);
  if (!video || source.files.length === 1) return source;
  throw new Failure('video-one');
}
