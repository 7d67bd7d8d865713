import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The spellings in which a secret could lie around. */
function spellings(secret: string): Buffer[] {
  const plain = Buffer.from(secret);
  return [
    plain,
    Buffer.from(secret, 'utf16le'),
    Buffer.from(plain.toString('hex')),
    Buffer.from(plain.toString('hex').toUpperCase()),
    // Base64 of what stands at any offset: the middle is the same whatever is around it.
    ...[0, 1, 2].map((offset) => Buffer.from(plain.subarray(offset).toString('base64').slice(0, -4))),
    ...[0, 1, 2].map((offset) => Buffer.from(plain.subarray(offset).toString('base64url').slice(0, -4))),
  ];
}

/** Which of the secrets stand in the bytes, in any of these spellings. */
export const found = (secrets: readonly string[], bytes: Buffer): string[] =>
  secrets.filter((secret) => spellings(secret).some((spelling) => bytes.includes(spelling)));

export interface Entry {
  readonly path: string;
  readonly folder: boolean;
  readonly mode: number;
}

/** Everything under a folder, itself included; sockets and the like left out of `read`. */
export function entries(root: string): Entry[] {
  const inner = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return [root, ...inner].map((path) => {
    const { mode } = statSync(path);
    return { path, folder: statSync(path).isDirectory(), mode: mode & 0o777 };
  });
}

/** The files under a folder in which one of the secrets stands. */
export const filesWith = (secrets: readonly string[], root: string): string[] =>
  entries(root)
    .filter(({ folder }) => !folder)
    .filter(({ path }) => found(secrets, readFileSync(path)).length > 0)
    .map(({ path }) => path);
