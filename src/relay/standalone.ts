import { lookup } from 'node:dns/promises';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { base64url, fromBase64url } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { systemRandom } from '../base/random.js';
import { createWholeFile } from '../base/whole-file.js';
import { SigningKey } from '../crypto/keys.js';
import { linkHost } from '../net/link-host.js';
import { parseLink } from '../wire/link.js';
import { formatRelay, parseRelay } from '../wire/relay.js';
import { DEFAULT_RELAY_LIMITS, type RelayCounters, type RelayLimits, startRelay } from './relay.js';

export interface StandaloneRelayOptions {
  /** HOST:PORT, UDP; port 0 picks one. */
  readonly listen: string;
  /** The link of the directory whose tokens count. Nothing is asked of the directory. */
  readonly directory: string;
  /** A folder, made if missing, which keeps the relay's key. */
  readonly data: string;
  /** Where devices find it, if not at the address it listens on: its outer address, or a DNS name. */
  readonly name?: string;
  readonly limits?: Partial<RelayLimits>;
}

/** A relay that is a process of its own. */
export interface StandaloneRelay {
  /** What the directory's operator registers. */
  readonly line: string;
  readonly counters: RelayCounters;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** @throws Failure usage 'link-invalid', 'listen-invalid', 'relay-invalid', 'port-busy' */
export async function startStandaloneRelay(options: StandaloneRelayOptions): Promise<StandaloneRelay> {
  const { fingerprint: directoryId } = parseLink(options.directory);
  const at = await listenAddress(options.listen);
  if (options.name !== undefined) checkName(options.name);
  const key = await ownKey(options.data);
  const hosts = at.host === '::' ? ['0.0.0.0', '::'] : [at.host];
  const listen = hosts.map((host) => ({ host, port: at.port }));
  const limits = { ...DEFAULT_RELAY_LIMITS, ...options.limits };
  const relay = await startRelay({ listen, seed: key.seed(), directoryId, limits });
  const ended = relay.ended.then((why) => {
    if (why !== undefined) throw why;
  });
  ended.catch(() => {});
  return {
    line: formatRelay({ key: key.publicKey, host: options.name ?? linkHost(at.host), port: relay.port }),
    get counters() {
      return relay.counters;
    },
    ended,
    close: () => relay.close(),
  };
}

/** The directory takes the line only with a host in it. */
function checkName(host: string): void {
  try {
    parseRelay(formatRelay({ key: new Uint8Array(32), host, port: 1 }));
  } catch {
    throw new Failure('relay-invalid', 'that is no name or address of a host', { hint: 'Give it without a port.' });
  }
}

async function listenAddress(text: string): Promise<{ readonly host: string; readonly port: number }> {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) throw new Failure('listen-invalid');
  return { host: isIP(host) > 0 ? host : (await lookup(host)).address, port: Number(port) };
}

/** The same at each start: devices and the directory know the relay by it. */
async function ownKey(folder: string): Promise<SigningKey> {
  const file = join(folder, 'relay.key');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await createWholeFile(file, `${base64url(SigningKey.generate(systemRandom).seed())}\n`);
  return SigningKey.fromSeed(fromBase64url((await readFile(file, 'utf8')).trim()));
}
