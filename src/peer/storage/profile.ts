import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { base64url, fromBase64url } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { writeWholeFile } from '../../base/whole-file.js';

/**
 * The part of an installation that is in clear: who uses it and where, and the wrapped vault key. Everything else is in
 * the store, encrypted.
 */

const profileSchema = v.object({
  version: v.literal(1),
  user: v.string(),
  device: v.string(),
  /** The directory's link, fingerprint included. */
  directory: v.string(),
  vault: v.pipe(v.string(), v.transform(fromBase64url)),
  /** The vault key, for whoever has the recovery phrase (crypto/recovery.ts). */
  recovery: v.optional(v.pipe(v.string(), v.transform(fromBase64url))),
  /** After a logout: the history is still here, and the device has no certificate. */
  loggedOut: v.optional(v.boolean()),
});
export type Profile = v.InferOutput<typeof profileSchema>;

const FILE = 'profile.json';

export const profileFile = (home: string): string => join(home, FILE);

export const storeFolder = (home: string): string => join(home, 'store');

/** @returns undefined where nobody has registered or logged in with this folder yet */
export async function readProfile(home: string): Promise<Profile | undefined> {
  let text: string;
  try {
    text = await readFile(join(home, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notReadable(home, error);
  }
  try {
    return v.parse(profileSchema, JSON.parse(text));
  } catch (error) {
    throw new Failure('profile-damaged', `${join(home, FILE)} is damaged, or of a newer version`, { cause: error });
  }
}

/** @throws Failure credentials 'not-logged-in' */
export async function requireProfile(home: string): Promise<Profile> {
  const profile = await readProfile(home);
  if (profile && !profile.loggedOut) return profile;
  throw new Failure('not-logged-in', 'nobody is logged in here', {
    hint: profile
      ? `Run: p2pchat login ${profile.user}`
      : 'Run: p2pchat register NAME --directory LINK, or p2pchat login NAME --directory LINK.',
  });
}

const inText = ({ vault, recovery, ...profile }: Profile): object => ({
  ...profile,
  vault: base64url(vault),
  ...(recovery && { recovery: base64url(recovery) }),
});

/** Whole or not at all, also through a crash. */
export async function writeProfile(home: string, profile: Profile): Promise<void> {
  await writeWholeFile(join(home, FILE), `${JSON.stringify(inText(profile), null, 2)}\n`);
}

export async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chmod(home, 0o700);
  } catch (error) {
    throw notReadable(home, error);
  }
}

const notReadable = (home: string, cause: unknown): Failure =>
  new Failure('home-unusable', `the folder ${home} can't be used: ${(cause as Error).message}`, { cause });
