import { Failure } from '../../base/errors.js';
import { TRANSFER_PATH_DEPTH } from '../../wire/limits.js';
import { cleanLine } from '../../wire/text.js';
import type { Manifest } from '../../wire/transfer-manifest.js';

/**
 * The only place where a name from another becomes a name on this disk. A path that tries to leave the folder is refused;
 * one that is merely awkward (reserved on some system, invisible, hidden, too long) is made harmless, so that nobody's
 * holiday photos fail for a colon.
 */

/** Bytes of one name; 255 on most file systems, less what a suffix takes. */
const NAME_BYTES = 200;
/** Windows keeps these in every folder, whatever the extension. */
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)/i;
/** Not allowed on Windows, or separators somewhere. */
const FORBIDDEN = /[<>:"/\\|?*\u2044\u2215\uff0f\uff3c]/g;

const refuse = (path: string, why: string): Failure =>
  new Failure('unsafe-name', `the name '${cleanLine(path, 60)}' ${why}`);

/**
 * @param path as the manifest says it: relative, '/' between folders
 * @param dots whether a name may begin with a dot where it is inside a folder that comes with it
 * @returns one harmless name for each part
 * @throws Failure transfer 'unsafe-name'
 */
export function safeParts(path: string, dots = false): string[] {
  if (path.includes('\0')) throw refuse(path, 'has a NUL in it');
  if (/^([/\\]|[a-z]:[/\\])/i.test(path)) throw refuse(path, 'is absolute');
  const parts = path.split('/');
  if (parts.length > TRANSFER_PATH_DEPTH) throw refuse(path, 'is nested too deeply');
  return parts.map((part, depth) => {
    if (part === '' || part === '.' || part === '..') throw refuse(path, 'does not stay in its folder');
    if (part.split('\\').includes('..')) throw refuse(path, 'does not stay in its folder');
    return safeName(part, dots && depth > 0);
  });
}

/** Whether all paths of a manifest can become names here. */
export function hasSafeNames({ files }: Manifest): boolean {
  try {
    for (const { path } of files) safeParts(path);
    return true;
  } catch {
    return false;
  }
}

/** One name without folders, harmless on every system. Idempotent. */
function safeName(name: string, dots: boolean): string {
  let safe = cleanLine(name).replace(FORBIDDEN, '_');
  const hidden = dots && /^\.[^.\s]/.test(safe);
  safe = (hidden ? safe : safe.replace(/^[.\s]+/, '_')).replace(/[.\s]+$/, '');
  if (safe === '') safe = '_';
  if (DEVICES.test(safe)) safe = `_${safe}`;
  return cutBytes(safe);
}

function cutBytes(name: string): string {
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const extension = /\.[\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? '';
  const room = NAME_BYTES - Buffer.byteLength(extension);
  const bytes = Buffer.from(name.slice(0, name.length - extension.length)).subarray(0, room);
  // Of a character that the cut went through nothing is left.
  const stem = new TextDecoder().decode(bytes, { stream: true });
  return stem.trimEnd().replace(/\.+$/, '') + extension;
}

/** As file systems that know no case compare names. */
const folded = (parts: readonly string[]): string => parts.join('/').normalize('NFC').toLowerCase();

/**
 * Where each file of a manifest goes, no two the same, none under another file.
 * @throws Failure transfer 'unsafe-name'
 */
export function safeTree(paths: readonly string[], dots = false): string[][] {
  const files = new Set<string>();
  const folders = new Set<string>();
  const next = new Map<string, number>();
  const trees = paths.map((path) => safeParts(path, dots));
  for (const parts of trees) {
    for (let depth = 1; depth < parts.length; depth++) folders.add(folded(parts.slice(0, depth)));
  }
  return trees.map((parts) => {
    let free = parts;
    const wanted = folded(parts);
    for (let n = next.get(wanted) ?? 2; files.has(folded(free)) || folders.has(folded(free)); n++) {
      free = [...parts.slice(0, -1), numbered(parts.at(-1)!, n)];
      // Thousands of the same name would otherwise count up from the beginning each.
      next.set(wanted, n + 1);
    }
    files.add(folded(free));
    return free;
  });
}

/** 'photo.jpg' as 'photo (2).jpg'. */
export function numbered(name: string, n: number): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? `${name} (${n})` : `${name.slice(0, dot)} (${n})${name.slice(dot)}`;
}
