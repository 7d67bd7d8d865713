import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { base64url, sameBytes } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { Scope } from '../../src/base/scope.js';
import { createDropKeys } from '../../src/crypto/guest-drops.js';
import { guestProof, sealGuestWords } from '../../src/crypto/guest-links.js';
import { derive } from '../../src/crypto/kdf.js';
import { GuestServer } from '../../src/directory/guests/server.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { sealTo } from '../../src/page/drop.js';
import type { Bytes } from '../../src/page/seal.js';
import type { GuestEvent } from '../../src/peer/api/guests.js';
import { Drops } from '../../src/peer/guests/drops.js';
import type { GuestRow } from '../../src/peer/storage/guest-row.js';
import type { DirectoryRequest } from '../../src/wire/directory-request.js';
import { GUEST_ACCESS, guestBlockPlace } from '../../src/wire/guest-seal.js';
import { DEPOSIT_BLOCK_BYTES } from '../../src/wire/limits.js';
import { afterwards, testDirectory } from '../support/directory.js';

const random = systemRandom;
const by = { user: 'ann', folded: 'ann' };
const ofBytes = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);
const bytes = (length: number): Bytes => ofBytes(random.bytes(length));
const QUOTA = 10_000_000;

/** A directory with a door for guests, an account, and a link of it to hand in. */
async function stage(t: TestContext, terms: { count?: number; size?: number } = {}) {
  const uploads = { ...DEFAULT_LIMITS.uploads, perAccount: QUOTA };
  const directory = await testDirectory(t, { guestsUrl: () => 'http://guests.test/', limits: { uploads } });
  const { core } = directory.site;
  const account = { record: new Uint8Array(192), identityKey: new Uint8Array(32), backup: new Uint8Array(80) };
  await core.tables.accounts.create('ann', { user: 'ann', role: 'beginner', createdAt: 0, ...account });
  const door = await GuestServer.listen({
    ...{ address: { host: '127.0.0.1', port: 0 }, tls: undefined, behindProxy: false, clock: systemClock },
    page: { html: '<p>the page</p>', headers: {} },
  });
  door.serve(() => core);
  afterwards(t, () => door.close());
  const [link, secret, keys] = [bytes(16), bytes(32), await createDropKeys(random)];
  const { count = 2, size = 1_000_000 } = terms;
  const head = sealGuestWords(secret, link, { name: 'the trip', from: 'ann' }, random);
  const row: GuestRow = {
    ...{ id: link, kind: 'collect', name: 'the trip', secret, keys, size, count, lasts: 60_000, at: 0 },
    told: { used: 0, done: 0 },
  };
  const made = { link, head, proof: guestProof(secret), count, lasts: 60_000, size, key: keys.publicKey };
  await core.guestLinks.collect(by, made);
  const at = `http://127.0.0.1:${door.port}/g/${base64url(link)}`;
  const access = base64url(derive(secret, GUEST_ACCESS));
  const ask = (method: string, path = '', body?: Uint8Array | string, shown = access): Promise<Response> =>
    fetch(`${at}${path}`, { method, headers: { authorization: `Link ${shown}` }, body: (body as Bytes) ?? null });
  return { core, row, at, ask, to: { link, secret, key: ofBytes(keys.publicKey) } };
}
type Stage = Awaited<ReturnType<typeof stage>>;

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;

const stateOf = async ({ ask }: Stage, path: string): Promise<string> =>
  ((await (await ask('GET', path)).json()) as { state: string }).state;

interface Handed {
  readonly name: string;
  readonly content: Bytes;
  /** To whom, if not to who made the link. */
  readonly to?: Partial<Stage['to']>;
}

/** What the page does with a file. @returns where it is asked about, or why not */
async function handIn({ to, ask }: Stage, { name, content, to: other }: Handed): Promise<string> {
  const visit = bytes(16);
  const { enc, head, seal } = await sealTo({ ...to, ...other }, visit, name);
  const path = `/${base64url(visit)}`;
  const begun = await ask('PUT', path, JSON.stringify({ size: content.length, enc, head }));
  if (!begun.ok) return codeOf(begun);
  for (let block = 0; block * DEPOSIT_BLOCK_BYTES < content.length; block++) {
    const part = content.slice(block * DEPOSIT_BLOCK_BYTES, (block + 1) * DEPOSIT_BLOCK_BYTES);
    const sealed = await seal.seal(part, guestBlockPlace(visit, content.length, block));
    assert.equal((await ask('PUT', `${path}/${block}`, sealed)).status, 200);
  }
  assert.equal((await ask('POST', `${path}/done`)).status, 200);
  return path;
}

type Asked = { readonly link: Uint8Array; readonly visit: Uint8Array; readonly block: number };

/** What the maker's device does about it. @param lies what the directory answers instead, by method */
async function fetched(
  t: TestContext,
  { core, row }: Stage,
  lies: Readonly<Record<string, (asked: Asked) => unknown>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-guests-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  const told: GuestEvent[] = [];
  const taken: Uint8Array[] = [];
  const request = (async (method: string, asked: Asked) => {
    const lie = lies[method];
    if (lie !== undefined) return lie(asked);
    const { link, visit, block } = asked;
    if (method === 'guests.drops') return { drops: await core.guestLinks.drops('ann', link) };
    if (method === 'guests.get') return { sealed: await core.guestLinks.get('ann', link, visit, block) };
    await core.guestLinks.taken('ann', link, visit);
    return {};
  }) as unknown as DirectoryRequest;
  const scope = new Scope();
  afterwards(t, () => scope.close());
  const drops = new Drops({
    ...{ request, clock: systemClock, scope, folder: () => folder, tell: (event) => told.push(event) },
    rowOf: () => ({ ...row, taken }),
    taken: async (_id, visit) => void taken.push(visit),
  });
  await drops.fetch(Buffer.from(row.id).toString('hex'));
  for (const { path } of told) assert.ok(path === undefined || path.startsWith(join(folder, '/')), path);
  return { told, codes: told.map(({ state, error }) => error?.code ?? state), files: readdirSync(folder) };
}

test('what a guest hands in comes whole, under a harmless name, and the guest learns of it', async (t) => {
  const all = await stage(t);
  const content = bytes(DEPOSIT_BLOCK_BYTES * 2 + 5);
  const path = await handIn(all, { name: '../../.ssh/authorized_keys', content });
  assert.equal(await stateOf(all, path), 'done');
  assert.equal(await handIn(all, { name: '', content: bytes(0) }).then((empty) => stateOf(all, empty)), 'done');
  const { told, files } = await fetched(t, all);
  assert.deepEqual(files.sort(), ['authorized_keys', 'file']);
  const received = told.find(({ size }) => size > 0);
  assert.equal(received?.state, 'received');
  assert.deepEqual(ofBytes(readFileSync(received.path!)), content);
  assert.equal(await stateOf(all, path), 'taken');
  assert.equal(all.core.uploads.usage.bytes, 0, 'its room is given back');
});

test('N30 what was sealed to another key than the link names is told, and not kept', async (t) => {
  const all = await stage(t);
  const key = ofBytes((await createDropKeys(random)).publicKey);
  await handIn(all, { name: 'secret.txt', content: bytes(100), to: { key } });
  const { codes, files } = await fetched(t, all);
  assert.deepEqual([codes, files], [['guest-drop-foreign'], []]);
  assert.equal(all.core.uploads.usage.bytes, 0);
});

test('N61 what a directory makes up, repeats, enlarges or cuts reaches no disk, and what guests handed in does', async (t) => {
  const all = await stage(t, { count: 8, size: 1_000 });
  const { core, row } = all;
  await handIn(all, { name: 'made up', content: bytes(10), to: { secret: bytes(32) } });
  await handIn(all, { name: 'lost', content: bytes(10) });
  await handIn(all, { name: 'enlarged', content: bytes(10) });
  const [, lost, enlarged] = await core.guestLinks.drops('ann', row.id);
  await handIn(all, { name: 'true', content: bytes(10) });
  const { codes, files } = await fetched(t, all, {
    'guests.drops': async ({ link }) => {
      const drops = await core.guestLinks.drops('ann', link);
      const larger = drops.map((drop) => (sameBytes(drop.visit, enlarged!.visit) ? { ...drop, size: 1 << 30 } : drop));
      return { drops: [...larger, ...drops.map((drop) => ({ ...drop, visit: bytes(16) }))] };
    },
    'guests.get': async ({ link, visit, block }) => ({
      sealed: await core.guestLinks.get('ann', link, sameBytes(visit, lost!.visit) ? bytes(16) : visit, block),
    }),
  });
  const foreign = 'guest-drop-foreign';
  assert.deepEqual(codes, [foreign, 'guest-drop-gone', foreign, 'received', ...Array(4).fill(foreign)]);
  assert.deepEqual(files, ['true']);

  // What is repeated comes once, and there is an end of it.
  const again = await stage(t);
  await handIn(again, { name: 'once', content: bytes(10) });
  const drops = await again.core.guestLinks.drops('ann', again.row.id);
  const repeated = await fetched(t, again, { 'guests.drops': () => ({ drops }), 'guests.taken': () => ({}) });
  assert.deepEqual([repeated.codes, repeated.files], [['received'], ['once']]);
  const endless = await fetched(t, again, {
    'guests.drops': () => ({ drops: drops.map((drop) => ({ ...drop, visit: bytes(16) })) }),
    'guests.taken': () => ({}),
  });
  assert.deepEqual(endless.codes, Array(again.row.count).fill('guest-drop-foreign'));
});

test('N61 a guest takes no more of the directory than the link says, and leaves room to its maker', async (t) => {
  const all = await stage(t, { count: 3, size: QUOTA });
  const { core, ask } = all;
  const begin = async (size: number, visit = `/${base64url(bytes(16))}`): Promise<[string, string | number]> => {
    const drop = { size, enc: base64url(bytes(65)), head: base64url(bytes(20)) };
    const answer = await ask('PUT', visit, JSON.stringify(drop));
    const said = (await answer.json()) as { code?: string; have: number; details?: object };
    assert.deepEqual(Object.keys(said.details ?? {}), [], 'nothing is said of what its maker has');
    return [visit, said.code ?? said.have];
  };
  assert.equal((await begin(QUOTA + 1))[1], 'guest-too-large');
  assert.equal((await begin(0.8 * QUOTA))[1], 'upload-quota', 'a quarter is its maker’s own');
  const [large, have] = await begin(0.7 * QUOTA);
  assert.equal(have, 0);
  assert.equal((await begin(0.1 * QUOTA))[1], 'upload-quota');
  assert.equal((await begin(0.6 * QUOTA, large))[1], 'upload-taken');
  assert.ok(core.uploads.room('ann').free >= 0.25 * QUOTA);

  const path = await handIn(all, { name: 'small', content: bytes(10) });
  await fetched(t, all);
  assert.equal(await stateOf(all, path), 'taken');
  const used = core.uploads.usage.bytes;
  assert.equal((await begin(10, path))[1], 1, 'what was fetched is not begun again');
  assert.equal(core.uploads.usage.bytes, used);
  await handIn(all, { name: 'last', content: bytes(1) });
  assert.equal((await begin(1))[1], 'guest-link-used');

  await core.guestLinks.end({ folded: 'ann', any: false }, all.to.link);
  assert.equal((await begin(1, large))[1], 'guest-link-ended');
  assert.deepEqual((await fetched(t, all)).files, ['last'], 'what was whole by then is still there');
  assert.equal(core.uploads.usage.bytes, 0, 'and what was not is gone');
});

test('of who can not show a whole link nothing is kept', async (t) => {
  const all = await stage(t, { count: 1 });
  const visit = `/${base64url(bytes(16))}`;
  const drop = JSON.stringify({ size: 10, enc: base64url(bytes(65)), head: base64url(bytes(20)) });
  for (const [method, path, body] of [
    ['GET', ''],
    ['PUT', visit, drop],
    ['POST', `${visit}/done`],
  ] as const) {
    const answer = await all.ask(method, path, body, base64url(bytes(32)));
    assert.deepEqual([answer.status, await codeOf(answer)], [403, 'guest-link-key']);
  }
  assert.deepEqual([(await all.core.guestLinks.list('ann'))[0]?.used, all.core.uploads.usage.bytes], [0, 0]);
  assert.equal(await (await fetch(all.at)).text(), '<p>the page</p>', 'a browser gets the page, whatever the link is');
  for (const body of ['null', '{', '{"size":1}', JSON.stringify({ size: -1, enc: 'AA', head: 'AA' })]) {
    const { status } = await all.ask('PUT', visit, body);
    assert.equal(status, 400, body);
  }
});
