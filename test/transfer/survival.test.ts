import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describe, type HostAddress, openTransfers } from '../../src/transfer/transfer.js';
import { addressOf, noiseIn, sha256, shared } from '../support/transfers.js';

/** What goes wrong in one transfer is that one's; what goes wrong in their thread ends no process. */

const work = mkdtempSync(join(tmpdir(), 'p2pchat-survival-'));
const LISTEN = { listen: [{ host: '127.0.0.1', port: 0 }] };
const [a, b] = await Promise.all([openTransfers(LISTEN), openTransfers(LISTEN)]);
after(async () => {
  await Promise.all([a.close(), b.close()]);
  rmSync(work, { recursive: true, force: true });
});

const file = noiseIn(work);

const NO_ADDRESSES = ['1.2.3.4%5', 'a:b', '1.1.1.1.1.1', 'localhost', ''].map((host) => ({ host, port: 9 }));

test('N1 a candidate that is no address is passed over by whoever is told of it', async () => {
  const path = file('passed-over', 200_000);
  const source = await describe([path]);
  const keys = shared();
  const { manifest } = source;
  const incoming = b.receive({ ...keys, manifest, folder: join(work, 'in'), candidates: NO_ADDRESSES });
  incoming.addCandidates(NO_ADDRESSES);
  const outgoing = a.send({ ...keys, source, candidates: NO_ADDRESSES });
  outgoing.addCandidates(NO_ADDRESSES);
  outgoing.addCandidates(addressOf(b));
  const [placed] = await incoming.ended;
  assert.equal(placed!.sha256, sha256(path));
});

test('N1 what throws in one transfer ends that one, and the others go on', async () => {
  const path = file('goes-on', 3_000_000);
  const source = await describe([path]);
  const keys = shared();
  const folder = join(work, 'goes-on-in');
  const incoming = b.receive({ ...keys, manifest: source.manifest, folder, candidates: [] });
  const running = new Promise<void>((resolve) => {
    a.send({ ...keys, source, candidates: addressOf(b), rate: 4e6 }, ({ type }) => {
      if (type === 'progress') resolve();
    });
  });
  await running;
  const other = a.send({ ...shared(), source, candidates: [] });
  // As a fault in the code that takes candidates would: this is no list.
  other.addCandidates(7 as unknown as HostAddress[]);
  await assert.rejects(other.ended, { code: 'internal' });
  const [placed] = await incoming.ended;
  assert.equal(placed!.sha256, sha256(path));
});

/** A program that does so much with transfers open, to its end. */
function program(name: string, words: string) {
  const module = new URL('../../src/transfer/transfer.js', import.meta.url).href;
  const path = join(work, `${name}.mjs`);
  const listen = JSON.stringify({ listen: ['0.0.0.0', '::'].map((host) => ({ host, port: 0 })) });
  const open = `import { describe, openTransfers } from '${module}'; const transfers = await openTransfers(${listen});`;
  writeFileSync(path, `${open}\n${words}`);
  return spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
}

/** A stream brings what is no bytes: whoever takes it for some has a fault, outside of any transfer's turn. */
const FAULT = (source: string): string => `
  import { Duplex } from 'node:stream';
  const stream = new Duplex({ objectMode: true, read() {}, write: (_chunk, _encoding, done) => done() });
  stream.push({ slice: () => ({ buffer: new ArrayBuffer(4), length: 4 }) });
  const source = await describe([${JSON.stringify(source)}]);
  const [id, secret] = [new Uint8Array(16), new Uint8Array(32)];
  const outgoing = transfers.send({ id, secret, source, candidates: [{ host: '127.0.0.1', port: 9 }] });
  outgoing.attachStream(stream);
  await outgoing.ended.catch(({ code }) => console.log(code));
  await transfers.interrupted;
  await transfers.reflexive({ host: '127.0.0.1', port: 9 }).catch(({ code }) => console.log(code));
  await transfers.close();
  const next = await openTransfers({ listen: transfers.endpoints.map(({ address }) => address) });
  await next.close();
  console.log('alive');
`;

test('N1 a fault in the thread interrupts its transfers, frees its ports, and leaves the process alone', () => {
  const { stdout, stderr, status, signal } = program('fault', FAULT(file('lost', 100)));
  assert.deepEqual(
    [stdout, status, signal],
    ['transfers-interrupted\ntransfers-interrupted\nalive\n', 0, null],
    stderr,
  );
});

const ENDS: readonly [how: string, words: string, status: number][] = [
  ['by process.exit', 'process.exit(7);', 7],
  ['of an error that nobody caught', "throw new Error('nobody catches this');", 1],
];

for (const [how, words, status] of ENDS) {
  test(`N1 a process that ends ${how} with transfers open does so in order`, () => {
    const ended = program(`ends-${status}`, words);
    assert.deepEqual([ended.status, ended.signal], [status, null], ended.stderr);
  });
}
