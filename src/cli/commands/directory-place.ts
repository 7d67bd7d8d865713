import { join } from 'node:path';
import type { DirectoryOptions } from '../parts.js';
import { password } from '../password.js';
import type { Shell } from '../shell.js';

/** Where a directory keeps what it keeps, as the command line says it. */
export interface StoreOptions {
  readonly store?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly 'nats-credentials'?: string | undefined;
  readonly 'nats-ca'?: string | undefined;
  readonly 'nats-cert'?: string | undefined;
  readonly 'nats-key'?: string | undefined;
}

export const dataFolder = (shell: Shell, data: string | undefined): string => data ?? join(shell.home, 'directory');

/** Asks for a passphrase where a store needs one and no file has it. */
export async function storeOf(
  shell: Shell,
  options: StoreOptions,
): Promise<Pick<DirectoryOptions, 'store' | 'storeKey' | 'nats'>> {
  const { store } = options;
  if (store === undefined || store === 'level') return {};
  const storeKey = await password(shell, {
    file: options['key-file'],
    prompt: "Passphrase of the directory's secrets",
    option: 'key-file',
    whole: true,
  });
  const { 'nats-credentials': credentials, 'nats-ca': ca, 'nats-cert': certificate, 'nats-key': key } = options;
  const files = { credentials, ca, certificate, key };
  const nats = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
  return { store, storeKey, nats };
}
