import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Network } from '../../bench/support/network.js';
import type { Host } from '../../src/transfer/driver/host.js';
import { Incoming } from '../../src/transfer/driver/incoming.js';
import { manifestDigest } from '../../src/transfer/files/file-source.js';
import { PartialDownload } from '../../src/transfer/files/partial-download.js';
import { CookieGate } from '../../src/transfer/protocol/cookies.js';
import { Initiator } from '../../src/transfer/protocol/initiator.js';
import { initialKeys } from '../../src/transfer/protocol/keys.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { viewOf } from '../../src/wire/datagrams/header.js';
import { seededRandom } from '../support/random.js';
import { arrives, on, running, sides, skip } from '../support/sides.js';

const FLOOD = fileURLToPath(new URL('./children/flood.js', import.meta.url));
const ADDRESSES = Array.from({ length: 50 }, (_, i) => `10.77.0.${100 + i}`);

/** The connection id of Initials, which goes in clear: whoever is on the way knows it. */
function connection(id: Uint8Array, secret: Uint8Array): string {
  const { high, low } = initialKeys({ id, secret, manifest: new Uint8Array(32) }).toResponder;
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

test('U2 beside 10,000 handshakes a second from nowhere an honest one is answered, and its transfer completes', {
  skip,
}, async (t) => {
  const network = Network.wire();
  let flood: ChildProcess | undefined;
  await on(network, async () => {
    for (const address of ADDRESSES) network.run(network.a, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'w');
    const both = await sides(network, 'flooded', 12_000_000, 3e6);
    await both.receiver.until('progress', running(1_000_000));
    const words = [FLOOD, network.b.address, '4444', connection(both.id, both.secret), ...ADDRESSES];
    const [command, args] = network.on(network.a, process.execPath, ...words);
    flood = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(flood.stdout!, 'data');
    let sent = 0;
    flood.stdout!.on('data', (said) => {
      sent = Number(/"count":(\d+)\}\s*$/.exec(String(said))?.[1] ?? sent);
    });
    // A handshake of its own, in the midst of it.
    both.sender.kill('SIGKILL');
    await both.sender.exited;
    assert.equal(both.receiver.find('done'), undefined, 'it was over already');
    both.startSender();
    const begun = performance.now();
    await arrives(both);
    t.diagnostic(`${sent} false handshakes in ${Math.round(performance.now() - begun)} ms`);
    assert.ok(sent > 2_000, `only ${sent} were sent`);
  }).finally(() => flood?.kill('SIGKILL'));
});

test('U2 of 500 authentic handshakes, as of one who repeats what it has seen, few are kept', async () => {
  const random = seededRandom('handshakes');
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-flood-'));
  const manifest = { files: [{ path: 'f', size: 100_000 }], block: 65_536 };
  const shared = { id: random.bytes(16), secret: random.bytes(32) };
  const registered = new Set<unknown>();
  let now = 0;
  let emitted = 0;
  const host = {
    random,
    now: () => now,
    emit: () => void emitted++,
    register: (id: unknown) => registered.add(id),
    unregister: (id: unknown) => registered.delete(id),
    wake: () => {},
    retire: () => {},
    add: () => {},
    relays: { use() {}, leave() {} },
    relayed: () => {},
    path: () => undefined,
  } as unknown as Host;
  const partial = await PartialDownload.open({ id: shared.id, manifest, folder, durable: false });
  const gate = new CookieGate(random);
  const rest = { candidates: [], patience: 60_000, buffer: 1 << 20, onEvent: () => {} };
  const incoming = new Incoming(host, { ...shared, manifest, partial, gate, ...rest });
  for (let i = 0; i < 500; i++) {
    now += 20;
    const path: Path = { key: `192.0.2.${i % 250} ${i}`, maxDatagram: 1_472, stream: false };
    const initial: Uint8Array[] = [];
    const secret = { ...shared, manifest: manifestDigest(manifest) };
    new Initiator({ secret, random, now, emit: (_, datagram) => initial.push(datagram) }).add(path, now);
    incoming.receive(initial[0]!, viewOf(initial[0]!), 0, initial[0]!.length, path, now);
  }
  assert.ok(emitted >= 500, 'they were not answered');
  assert.ok(registered.size <= 6, `${registered.size} ids are kept`);
  await incoming.close();
  assert.equal(registered.size, 0);
  rmSync(folder, { recursive: true });
});
