import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64url, fromBase64url } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { writeWholeFile } from '../../base/whole-file.js';
import { Authority } from '../../crypto/ca.js';
import { readAuthority } from '../../crypto/certificate.js';
import { directoryIdOf, SigningKey } from '../../crypto/keys.js';
import { LoginServer } from '../../crypto/login-server.js';

/**
 * What makes this directory this directory: the CA's key and certificate, and the secret of the login server. One file,
 * mode 0600, protected by nothing else: whoever reads it can issue certificates, and with the store's records can try
 * passwords. It is made at the first start and never changed; a store without it is worthless.
 */
export interface Secrets {
  readonly authority: Authority;
  readonly loginServer: LoginServer;
  /** What the file has. */
  readonly text: string;
}

const FILE = 'authority.json';
const VERSION = 1;

interface SecretsFile {
  readonly version: number;
  readonly seed: string;
  readonly certificate: string;
  readonly loginSetup: string;
}

export const hasSecrets = (folder: string): boolean => existsSync(join(folder, FILE));

/** For a throw-away directory. */
export async function createSecrets(now: number, random: Random): Promise<Secrets> {
  return parseSecrets(await newSecrets(now, random));
}

/** The file's text, as `newSecrets` made it; undefined where there is none. @throws Failure storage 'authority-damaged' */
export async function readSecretsFile(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damaged(error);
  }
}

/** @returns undefined where there is none yet. @throws Failure storage 'authority-damaged' */
export async function readSecrets(folder: string): Promise<Secrets | undefined> {
  const text = await readSecretsFile(folder);
  if (text === undefined) return undefined;
  try {
    return await parseSecrets(text);
  } catch (error) {
    throw damaged(error);
  }
}

/** Writes the file whole or not at all: a first start that was cut off leaves none. */
export async function writeSecrets(folder: string, now: number, random: Random): Promise<Secrets> {
  const text = await newSecrets(now, random);
  await writeSecretsFile(folder, text);
  return parseSecrets(text);
}

/** @param text as `newSecrets` makes it */
export async function writeSecretsFile(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWholeFile(join(folder, FILE), `${text}\n`);
}

/** Secrets that nobody has yet, as text. */
export async function newSecrets(now: number, random: Random): Promise<string> {
  const key = SigningKey.generate(random);
  const { certificate } = Authority.create(key, { now, random });
  const file: SecretsFile = {
    version: VERSION,
    seed: base64url(key.seed()),
    certificate: base64url(certificate),
    loginSetup: await LoginServer.createSetup(),
  };
  return JSON.stringify(file);
}

export async function parseSecrets(text: string): Promise<Secrets> {
  const { version, seed, certificate, loginSetup } = JSON.parse(text) as SecretsFile;
  if (version !== VERSION) throw new Error(`format ${version}`);
  const key = SigningKey.fromSeed(fromBase64url(seed));
  const der = fromBase64url(certificate);
  // A whole file of which one part was changed: nobody could connect, and none would say why.
  readAuthority(der, directoryIdOf(key.publicKey));
  const authority = new Authority(key, der);
  return { authority, loginServer: await LoginServer.open(loginSetup, authority.trust.directoryId), text };
}

const damaged = (cause: unknown): Failure =>
  new Failure('authority-damaged', `the file ${FILE} is damaged or cannot be read`, {
    hint: `Restore ${FILE} and the database beside it from a backup.`,
    cause,
  });
