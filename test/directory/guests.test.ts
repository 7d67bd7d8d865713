import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { base64url, hex } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { Scope } from '../../src/base/scope.js';
import { createDropKeys } from '../../src/crypto/guest-drops.js';
import { guestProof, sealGuestWords } from '../../src/crypto/guest-links.js';
import { derive } from '../../src/crypto/kdf.js';
import { GuestServer } from '../../src/directory/guests/server.js';
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
const bytes = (length: number): Bytes => Uint8Array.from(random.bytes(length));

/** A directory with a door for guests, an account, and a link of it to hand in. */
async function stage(t: TestContext, terms: { count?: number; size?: number } = {}) {
  const directory = await testDirectory(t);
  const { core } = directory.site;
  const account = { record: new Uint8Array(192), identityKey: new Uint8Array(32), backup: new Uint8Array(80) };
  await core.tables.accounts.create('ann', { user: 'ann', role: 'beginner', createdAt: 0, ...account });
  const door = await GuestServer.listen({
    ...{ address: { host: '127.0.0.1', port: 0 }, tls: undefined, behindProxy: false, clock: systemClock },
    page: { html: '<p>the page</p>', headers: {} },
  });
  door.serve(() => core);
  afterwards(t, () => door.close());
  const [link, secret, keys] = [bytes(16), random.bytes(16), await createDropKeys(random)];
  const { count = 2, size = 1_000_000 } = terms;
  const head = sealGuestWords(secret, link, { name: 'the trip', from: 'ann' }, random);
  const row: GuestRow = {
    ...{ id: link, kind: 'collect', name: 'the trip', secret, keys, size, count, lasts: 60_000, at: 0 },
    told: { used: 0, done: 0 },
  };
  const made = { link, head, proof: guestProof(secret), count, size, lasts: 60_000, key: keys.publicKey };
  await core.guestLinks.rows.create(hex(link), {
    ...{ kind: 'collect', by, head, proof: made.proof, key: made.key, size, count, at: 0, visits: [] },
    ...{ expires: systemClock.now() + 60_000, state: 'open' },
  });
  const at = `http://127.0.0.1:${door.port}/g/${base64url(link)}`;
  const access = base64url(derive(secret, GUEST_ACCESS));
  const ask = (method: string, path = '', body?: Uint8Array | string, shown = access): Promise<Response> =>
    fetch(`${at}${path}`, { method, headers: { authorization: `Link ${shown}` }, body: (body as Bytes) ?? null });
  return { core, link, row, keys, at, ask };
}
type Stage = Awaited<ReturnType<typeof stage>>;

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;

/** What the page does with a file. */
async function handIn({ link, ask }: Stage, key: Uint8Array, name: string, content: Bytes): Promise<string> {
  const visit = bytes(16);
  const { enc, head, seal } = await sealTo(Uint8Array.from(key), link, visit, name);
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

/** What the maker's device does about it. */
async function fetched(t: TestContext, { core, row }: Stage): Promise<readonly GuestEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-guests-'));
  afterwards(t, () => rm(folder, { recursive: true, force: true }));
  const told: GuestEvent[] = [];
  const request = (async (
    method: string,
    { link, visit, block }: { link: Uint8Array; visit: Uint8Array; block: number },
  ) => {
    if (method === 'guests.drops') return { drops: await core.guestLinks.drops('ann', link) };
    if (method === 'guests.get') return { sealed: await core.guestLinks.get('ann', link, visit, block) };
    await core.guestLinks.taken('ann', link, visit);
    return {};
  }) as unknown as DirectoryRequest;
  const scope = new Scope();
  afterwards(t, () => scope.close());
  await new Drops({
    request,
    clock: systemClock,
    scope,
    folder: () => folder,
    tell: (event) => told.push(event),
  }).fetch(row);
  for (const { path } of told) assert.ok(path === undefined || path.startsWith(join(folder, '/')), path);
  return told;
}

test('what a guest hands in comes whole, under a harmless name, and the guest learns of it', async (t) => {
  const all = await stage(t);
  const content = bytes(DEPOSIT_BLOCK_BYTES * 2 + 5);
  const path = await handIn(all, all.keys.publicKey, '../../.ssh/authorized_keys', content);
  assert.equal(((await (await all.ask('GET', path)).json()) as { state: string }).state, 'done');
  const [received] = await fetched(t, all);
  assert.equal(received?.state, 'received');
  assert.deepEqual(new Uint8Array(readFileSync(received.path!)), new Uint8Array(content));
  assert.ok(!received.path!.includes('.ssh'), received.path);
  assert.equal(((await (await all.ask('GET', path)).json()) as { state: string }).state, 'taken');
  assert.equal(all.core.uploads.usage.bytes, 0, 'its room is given back');
});

test('N30 what was sealed to another key than the link names is told, and not kept', async (t) => {
  const all = await stage(t);
  await handIn(all, (await createDropKeys(random)).publicKey, 'secret.txt', bytes(100));
  const told = await fetched(t, all);
  assert.deepEqual(
    told.map(({ state, error }) => [state, error?.code]),
    [['failed', 'guest-drop-foreign']],
  );
  assert.equal(all.core.uploads.usage.bytes, 0);
});

test('of who can not show a whole link nothing is kept, and who can takes no more than it says', async (t) => {
  const all = await stage(t, { count: 1, size: 1_000 });
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
  const row = await all.core.guestLinks.rows.get(hex(all.link));
  assert.deepEqual([row?.visits, all.core.uploads.usage.bytes], [[], 0]);
  assert.equal(await handIn(all, all.keys.publicKey, 'large', bytes(1_001)), 'guest-too-large');
  assert.match(await handIn(all, all.keys.publicKey, 'one', bytes(1_000)), /^\//);
  assert.equal(await handIn(all, all.keys.publicKey, 'two', bytes(1)), 'guest-link-used');
  assert.equal(await (await fetch(all.at)).text(), '<p>the page</p>', 'a browser gets the page, whatever the link is');
  await all.core.guestLinks.end({ folded: 'ann', any: false }, all.link);
  assert.equal(await codeOf(await all.ask('GET')), 'guest-link-ended');
  assert.equal((await fetched(t, all)).length, 1, 'what was whole by then is still there');
});
