import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { Scope } from '../../../src/base/scope.js';
import { sealer } from '../../../src/crypto/vault.js';
import { HandOver, type HistoryLink } from '../../../src/peer/backup/hand-over.js';
import { History } from '../../../src/peer/messaging/history.js';
import { Preferences } from '../../../src/peer/messaging/preferences.js';
import { WorkQueues } from '../../../src/peer/messaging/work-queues.js';
import { openTables } from '../../../src/peer/storage/tables.js';
import type { TransferRow } from '../../../src/peer/storage/transfer-row.js';
import { openMemoryStore } from '../../../src/store/memory/open.js';
import { HISTORY_PIECE_BYTES, MANIFEST_BYTES, TRANSFER_FILES } from '../../../src/wire/limits.js';

/** A device as far as its history goes, without a network. */
class Device {
  readonly disk = openMemoryStore();
  readonly tables = openTables(this.disk, sealer(systemRandom.bytes(32), systemRandom));
  readonly look = new Preferences({ tables: this.tables, disk: this.disk, self: 'ann' });
  readonly scope = new Scope();
  readonly queues = new WorkQueues();
  readonly told: string[] = [];
  readonly failed: unknown[] = [];
  readonly name: string;
  history!: History;
  handOver!: HandOver;

  constructor(name: string) {
    this.name = name;
    this.start();
  }

  /** As after a kill: nothing is known but what is on the disk. */
  start(): void {
    const { tables, disk, look, scope, queues } = this;
    this.history = new History({ tables, disk, clock: systemClock, look, onExpiring: () => [] });
    this.handOver = new HandOver({
      ...{ tables, disk, scope, clock: systemClock, history: this.history },
      self: { user: 'ann', device: this.name },
      directory: 'p2pchat://127.0.0.1:1#x',
      enqueue: (conversation, work) => queues.run(conversation, work),
      learnContact: async () => {},
      learnPreferences: async () => {},
      links: async () => this.others.map((other) => other.#heardBy(this)),
      nameOf: () => '',
      settled: async () => {},
      emit: ({ state }) => this.told.push(state),
      report: (error) => this.failed.push(error),
    });
  }

  async says(conversation: string, text: string, id: Uint8Array, sentAt: number): Promise<void> {
    const head = await this.history.head(conversation);
    const line = { id, from: 'ann', body: text, sentAt, state: 'read' as const };
    await this.disk.write((await this.history.append(head, line)).steps);
  }

  async lines(conversation: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const { body } of this.tables.messages.range([conversation])) lines.push(body);
    return lines;
  }

  /** What was said to devices that this one reaches, by their names. */
  readonly words: string[] = [];
  others: readonly Device[] = [];

  /** How the other one reaches this device; it ends after so many answers. */
  linkFrom(other: Device, user = 'ann', answers = Number.POSITIVE_INFINITY): HistoryLink {
    let left = answers;
    const asking: HistoryLink = { ...this.#end(user, other.name), request: () => Promise.reject(new Error('one way')) };
    return {
      ...this.#end(user, this.name),
      request: async (_method, params) => {
        if (left-- <= 0) throw new Error('the link has ended');
        return this.handOver.read(params, asking);
      },
    };
  }

  #end(user: string, device: string) {
    return { device, certificate: { user }, allowHistory: () => {}, tellConsents: () => {} };
  }

  /** A link to this device; what is said over it is heard here. */
  #heardBy(speaker: Device): HistoryLink {
    const from = { ...this.#end('ann', speaker.name), request: () => Promise.reject(new Error('one way')) };
    return {
      ...{ ...this.#end('ann', this.name), request: from.request },
      allowHistory: () => this.words.push(`allowed by ${speaker.name}`),
      tellConsents: (devices) => void this.handOver.consented(devices, from),
    };
  }

  /** Takes from the other one until that link ends. */
  async takes(from: Device, answers?: number): Promise<void> {
    this.handOver.met(from.linkFrom(this, 'ann', answers));
    await this.handOver.idle();
  }

  async close(): Promise<void> {
    await this.scope.close();
    await this.disk.close();
  }
}

const id = (n: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? n & 0xff : at === 1 ? n >> 8 : 7));

test('A8 history goes to devices of the same account alone, and to those that were allowed', async () => {
  const [giver, other, third] = [new Device('aaaa'), new Device('bbbb'), new Device('cccc')];
  await giver.says('@bob', 'kept', id(1), 1);
  await assert.rejects(giver.linkFrom(other, 'mallory').request('history.read', { since: 0 }), {
    code: 'not-permitted',
  });
  assert.deepEqual(await giver.linkFrom(other).request('history.read', { since: 0 }), {});
  assert.deepEqual(giver.told, ['asked']);
  await giver.handOver.allow(other.name);
  assert.ok((await giver.linkFrom(other).request('history.read', { since: 0 })).piece);
  assert.deepEqual(await giver.linkFrom(third).request('history.read', { since: 0 }), {});
  await Promise.all([giver, other, third].map((one) => one.close()));
});

test('A8 what the person allows on a device that a keeper has allowed counts there, and nowhere else', async () => {
  const [laptop, keeper, thief, phone] = ['aaaa', 'bbbb', 'eeee', 'ffff'].map((name) => new Device(name)) as [
    Device,
    Device,
    Device,
    Device,
  ];
  laptop.others = [keeper, phone];
  thief.others = [keeper];
  keeper.others = [laptop, thief, phone];
  keeper.handOver.heed();
  await thief.handOver.allow(keeper.name);
  await laptop.handOver.allow(keeper.name);
  await thief.handOver.allow(thief.name);
  await laptop.handOver.allow(phone.name);
  // None of the two has been allowed at the keeper.
  assert.deepEqual(await keeper.handOver.consents(), []);
  await keeper.handOver.allow(laptop.name);
  await laptop.handOver.allow(phone.name);
  while (phone.words.length < 3) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...(await keeper.handOver.consents())].sort(), [laptop.name, phone.name]);
  assert.equal(phone.words.at(-1), 'allowed by bbbb');
  // Where a person is asked, nobody else answers for them.
  await laptop.handOver.allow(thief.name);
  await laptop.scope.close();
  assert.ok(!(await phone.handOver.consents()).includes(thief.name));
  // With no directory, and nobody to be reached, it holds all the same.
  laptop.others = [];
  await laptop.handOver.allow('0000');
  assert.ok((await laptop.handOver.consents()).includes('0000'));
  await Promise.all([laptop, keeper, thief, phone].map((one) => one.close()));
});

test('A8 what was read on another device counts here, also where the hand-over was broken off behind that', async () => {
  const [giver, taker] = [new Device('aaaa'), new Device('bbbb')];
  const text = (n: number): string => `${n}`.padEnd(30_000, '.');
  for (const n of [1, 2, 3, 4, 5, 6]) {
    for (const device of [giver, ...(n === 2 || n === 5 ? [taker] : [])]) {
      const head = await device.history.head('@bob');
      const line = { id: id(n), from: 'bob', body: text(n), sentAt: n };
      await device.disk.write((await device.history.append(head, line)).steps);
    }
  }
  const head = await giver.history.head('@bob');
  head.read = 3;
  await giver.disk.write([giver.history.saveHead(head)]);
  await giver.handOver.allow(taker.name);
  await taker.handOver.want({ history: 'all' });
  await taker.takes(giver, 1);
  taker.start();
  taker.failed.length = 0;
  await taker.takes(giver);
  assert.deepEqual(taker.failed, []);
  assert.equal((await taker.history.head('@bob')).read, 3);
  await Promise.all([giver.close(), taker.close()]);
});

test('A8 a device that wanted the newest alone, and then all, gets what is older', async () => {
  const [giver, taker] = [new Device('aaaa'), new Device('bbbb')];
  for (const n of [1, 2]) await giver.says('@bob', `line ${n}`, id(n), n);
  await giver.history.update(id(1), (row) => ({ ...row, receivedAt: 1 }));
  await giver.handOver.allow(taker.name);
  await taker.handOver.want({ history: 'all', seconds: 3_600 });
  await taker.takes(giver);
  assert.deepEqual(await taker.lines('@bob'), ['line 2']);
  await taker.handOver.want({ history: 'all' });
  await taker.takes(giver);
  assert.deepEqual(taker.failed, []);
  assert.deepEqual(await taker.lines('@bob'), ['line 1', 'line 2']);
  await Promise.all([giver.close(), taker.close()]);
});

test('A8 what is given fits a link however much a device has transferred', async () => {
  const [giver, taker] = [new Device('aaaa'), new Device('bbbb')];
  await giver.says('@bob', 'behind a transfer', id(1), 1);
  const results = Array.from({ length: TRANSFER_FILES }, () => ({ sha256: 'f'.repeat(64), path: 'x'.repeat(400) }));
  const manifest = new Uint8Array(MANIFEST_BYTES);
  const over: TransferRow = {
    ...{ order: 1, id: id(2), direction: 'out', user: 'bob', secret: new Uint8Array(32), manifest, video: false },
    ...{ createdAt: 1, state: 'done', candidates: [], results },
  };
  await giver.disk.write([giver.tables.transfers.put(['all', 1], over)]);
  await giver.handOver.allow(taker.name);
  await taker.handOver.want({ history: 'all' });
  const { piece } = await giver.linkFrom(taker).request('history.read', { since: 0 });
  assert.ok(piece && piece.length <= HISTORY_PIECE_BYTES);
  await taker.takes(giver);
  assert.deepEqual(await taker.lines('@bob'), ['behind a transfer']);
  await Promise.all([giver.close(), taker.close()]);
});

/** What was said before the new device came, and what came to it since: both have some of it. */
const said = fc.array(fc.constantFrom('giver', 'taker', 'both'), { minLength: 1, maxLength: 30 });

test('A8 however often it is broken off, a device has in the end what both have, in one order, each line once', async () => {
  await fc.assert(
    fc.asyncProperty(said, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }), async (lines, breaks) => {
      const [giver, taker] = [new Device('aaaa'), new Device('bbbb')];
      // Texts so long that a piece has a few lines.
      for (const [n, who] of lines.entries()) {
        const text = `${n}`.padStart(3, '0').padEnd(30_000, '.');
        if (who !== 'taker') await giver.says('@bob', text, id(n), n);
        if (who !== 'giver') await taker.says('@bob', text, id(n), n);
      }
      await giver.handOver.allow(taker.name);
      await taker.handOver.want({ history: 'all' });
      for (const answers of breaks) {
        await taker.takes(giver, answers);
        taker.start();
      }
      taker.failed.length = 0;
      await taker.takes(giver);
      assert.deepEqual(taker.failed, []);
      const expected = lines.map((_, n) => `${n}`.padStart(3, '0'));
      assert.deepEqual(
        (await taker.lines('@bob')).map((text) => text.slice(0, 3)),
        expected,
      );
      await Promise.all([giver.close(), taker.close()]);
    }),
    { numRuns: 40 },
  );
});

test('A8 what has gone from a device, or was taken back there, does not come back from another one', async () => {
  const [giver, taker] = [new Device('aaaa'), new Device('bbbb')];
  for (const device of [giver, taker]) {
    for (const n of [1, 2, 3]) await device.says('@bob', `line ${n}`, id(n), n);
  }
  const gone = await taker.history.find(id(1));
  await taker.disk.write(taker.history.forget(gone!));
  await taker.history.update(id(2), (row) => ({ ...row, body: '', deleted: true }));
  await giver.history.update(id(3), (row) => ({ ...row, body: 'line 3, edited', edited: true }));
  await giver.handOver.allow(taker.name);
  await taker.handOver.want({ history: 'all' });
  await taker.takes(giver);
  assert.deepEqual(await taker.lines('@bob'), ['', 'line 3, edited']);
  // What is new since comes the next time, and nothing else.
  await giver.says('@bob', 'line 4', id(4), 4);
  await taker.takes(giver);
  assert.deepEqual(await taker.lines('@bob'), ['', 'line 3, edited', 'line 4']);
  assert.equal((await taker.tables.handOvers.get('aaaa'))?.at, undefined);
  await Promise.all([giver.close(), taker.close()]);
});
