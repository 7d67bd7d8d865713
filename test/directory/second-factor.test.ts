import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { Accounts } from '../../src/directory/accounts/accounts.js';
import { Ownership } from '../../src/directory/accounts/ownership.js';
import { SecondFactors } from '../../src/directory/accounts/second-factor.js';
import { createSecrets } from '../../src/directory/authority/secrets.js';
import { openTables } from '../../src/directory/rows.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { Authenticator } from '../support/authenticator.js';
import { ManualClock } from '../support/clock.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);
const STEP = 30_000;

/** Two nodes of one directory on one store, and the account `ada` with a second factor that is on. */
async function twoNodes() {
  const clock = new ManualClock();
  const store = openMemoryStore();
  const { authority } = await createSecrets(clock.now(), systemRandom);
  const node = () => new SecondFactors({ tables: openTables(store), authority, clock, random: systemRandom });
  const tables = openTables(store);
  const { directoryId } = authority.trust;
  const ownership = await Ownership.open(tables, { clock, random: systemRandom, directoryId, registration: 'open' });
  const accounts = await Accounts.open({ tables, store, ownership, clock, maxAccounts: 10 });
  const account = { record: new Uint8Array(192), identityKey: new Uint8Array(32), backup: new Uint8Array(60) };
  await accounts.create({ user: 'ada', ...account });
  await accounts.create({ user: 'ben', ...account });
  const [one, two] = [node(), node()];
  const secret = await one.begin('ada');
  const app = new Authenticator(secret, () => clock.now());
  return { clock, store, tables, accounts, one, two, secret, app };
}

test('it counts from its confirmation on, and a wrong code confirms nothing', async () => {
  const { one, app, clock } = await twoNodes();
  assert.deepEqual(await one.status('ada'), { state: 'pending', codes: 0 });
  await assert.rejects(one.confirm('ada', app.wrong()), coded('second-factor-wrong'));
  const codes = await one.confirm('ada', app.next());
  assert.equal(new Set(codes).size, 10);
  assert.deepEqual(await one.status('ada'), { state: 'on', codes: 10 });
  await assert.rejects(one.begin('ada'), coded('second-factor-on'), 'who has one does not lose it to another');
  await assert.rejects(one.confirm('ada', app.again()), coded('second-factor-on'));
  await assert.rejects(one.confirm('ben', app.again()), coded('second-factor-none'));
  await assert.rejects(one.spend('ada', app.again()), coded('second-factor-used'), 'the confirming code is used, too');
  clock.advance(STEP);
  await one.spend('ada', app.next());
});

test('each step is used once, none before it either, whatever the clock of the telephone', async () => {
  const { one, app, secret, clock } = await twoNodes();
  await one.confirm('ada', app.next());
  clock.advance(10 * STEP);
  const ahead = new Authenticator(secret, () => clock.now() + STEP);
  await one.spend('ada', ahead.next());
  await assert.rejects(one.spend('ada', ahead.again()), coded('second-factor-used'));
  await assert.rejects(one.spend('ada', app.next()), coded('second-factor-used'), 'older than the one used');
  const far = new Authenticator(secret, () => clock.now() + 2 * STEP);
  await assert.rejects(one.spend('ada', far.next()), coded('second-factor-wrong'), 'outside of the window');
  clock.advance(2 * STEP);
  await one.spend('ada', far.again());
  // X3: the directory's clock set back brings no used step back.
  clock.jump(-2 * STEP);
  await assert.rejects(one.spend('ada', ahead.again()), coded('second-factor-used'));
});

test('two nodes, one code, many at once: exactly one gets in', async () => {
  const { one, two, app, clock } = await twoNodes();
  const codes = await one.confirm('ada', app.next());
  for (const code of [() => app.next(), () => codes[0]!, () => app.next(), () => codes[1]!]) {
    clock.advance(STEP);
    const shown = code();
    const tries = Array.from({ length: 20 }, (_, at) => (at % 2 ? one : two).spend('ada', shown));
    const results = await Promise.allSettled(tries);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) {
      if (result.status === 'rejected') assert.match(result.reason.code, /^second-factor-(used|wrong)$/);
    }
  }
});

test('a recovery code opens once, however it is written; new ones end the old; they are one account’s own', async () => {
  const { one, app, clock } = await twoNodes();
  const codes = await one.confirm('ada', app.next());
  await one.spend('ada', codes[0]!.toUpperCase().replace('-', ' ').replaceAll('1', 'l').replaceAll('0', 'O'));
  await assert.rejects(one.spend('ada', codes[0]!), coded('second-factor-wrong'));
  assert.equal((await one.status('ada')).codes, 9);
  const bens = new Authenticator(await one.begin('ben'), () => clock.now());
  await one.confirm('ben', bens.next());
  await assert.rejects(one.spend('ben', codes[1]!), coded('second-factor-wrong'));
  const fresh = await one.renewCodes('ada');
  await assert.rejects(one.spend('ada', codes[1]!), coded('second-factor-wrong'));
  await one.spend('ada', fresh[0]!);
  assert.equal(await one.off('ada'), true);
  assert.equal(await one.off('ada'), false);
  await assert.rejects(one.spend('ada', fresh[1]!), coded('second-factor-wrong'));
});

test('X1 secret and codes lie in no row in clear, and a row copied to another account is worth nothing there', async () => {
  const { one, app, secret, clock, store, tables } = await twoNodes();
  const codes = await one.confirm('ada', app.next());
  const { value } = (await store.records('accounts').get('ada'))!;
  const stored = Buffer.from(value);
  assert.equal(stored.indexOf(secret), -1);
  for (const code of codes) assert.equal(stored.indexOf(code), -1);
  const row = await tables.accounts.get('ada');
  await tables.accounts.update('ben', (ben) => ben && { ...ben, secondFactor: row!.secondFactor });
  clock.advance(STEP);
  await assert.rejects(one.spend('ben', app.next()), coded('second-factor-damaged'));
  await assert.rejects(one.spend('ben', codes[0]!), coded('second-factor-wrong'));
});

test('a new password keeps the second factor; a deleted account keeps nothing of it', async () => {
  const { one, app, accounts, tables } = await twoNodes();
  await one.confirm('ada', app.next());
  await accounts.setPassword('ada', new Uint8Array(192), new Uint8Array(60));
  assert.equal((await one.status('ada')).state, 'on');
  await accounts.delete('ada');
  assert.equal((await tables.accounts.get('ada'))?.secondFactor, undefined);
  await assert.rejects(one.begin('ada'), coded('user-unknown'));
});
