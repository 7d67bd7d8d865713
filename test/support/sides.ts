import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { missingTools, type Network } from '../../bench/support/network.js';
import type { EndSettings } from '../../bench/support/transfer-end.js';
import { End } from '../../bench/support/transfer-run.js';
import { hex } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { describe } from '../../src/transfer/transfer.js';
import { manifestCodec } from '../../src/wire/transfer-manifest.js';
import { sha256 } from './transfers.js';

/** A sender and a receiver as programs on the hosts of a network. */

const missing = missingTools('ethtool', 'iptables');
export const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false;
const work = mkdtempSync(join(tmpdir(), 'p2pchat-network-'));
after(() => rmSync(work, { recursive: true, force: true }));

interface Sides {
  readonly network: Network;
  /** What the two share. */
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly path: string;
  sender: End;
  receiver: End;
  readonly folder: string;
  /** Starts a side again, as it was. */
  startReceiver(): Promise<void>;
  startSender(): void;
}

const ends = new Set<End>();

/** The receiver listens on a fixed port of its own host, so that it is found again after a new start. */
export async function sides(
  network: Network,
  name: string,
  bytes: number,
  rate?: number,
  seen = { a: network.a.address, b: network.b.address },
  patience?: number,
): Promise<Sides> {
  const path = join(work, name);
  writeFileSync(path, systemRandom.bytes(bytes));
  const { manifest } = await describe([path]);
  const [id, secret] = [systemRandom.bytes(16), systemRandom.bytes(32)];
  const shared = { id: hex(id), secret: hex(secret) };
  const folder = join(work, `${name}-in`);
  const listen = { host: '0.0.0.0', port: 4_444 };
  const at = (host: string) => [{ host, port: 4_444 }];
  const common = patience === undefined ? shared : { ...shared, patience };
  const encoded = hex(manifestCodec.encode(manifest));
  const receiving: EndSettings = { ...common, listen, candidates: at(seen.a), folder, manifest: encoded };
  const sending: EndSettings = {
    ...common,
    listen,
    candidates: at(seen.b),
    paths: [path],
    ...(rate ? { rate } : {}),
  };
  const start = (role: 'send' | 'receive', settings: EndSettings): End => {
    const end = new End(role, settings, work, network, role === 'send' ? network.a : network.b);
    ends.add(end);
    return end;
  };
  const receiver = start('receive', receiving);
  await receiver.until('ready');
  const both: Sides = {
    ...{ network, id, secret },
    path,
    folder,
    receiver,
    sender: start('send', sending),
    async startReceiver() {
      both.receiver = start('receive', receiving);
      await both.receiver.until('ready');
    },
    startSender() {
      both.sender = start('send', sending);
    },
  };
  return both;
}

export async function arrives(both: Sides): Promise<void> {
  const done = await both.receiver.until('done');
  const [file] = done.files as { path: string; sha256: string }[];
  assert.equal(file!.sha256, sha256(both.path));
  assert.equal(sha256(file!.path), file!.sha256);
  assert.equal(await both.sender.exited, 0);
  await both.receiver.exited;
}

export async function on(network: Network, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    for (const end of ends) {
      end.kill();
      await end.exited;
    }
    ends.clear();
    network.close();
  }
}

export const running = (bytes: number) => (line: { readonly [field: string]: unknown }) =>
  (line.progress as { bytes: number }).bytes >= bytes;
