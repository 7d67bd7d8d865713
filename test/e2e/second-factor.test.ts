import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Authenticator } from '../support/authenticator.js';
import type { Ended } from '../support/processes.js';
import { errorCode, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open('--require-second-factor', 'admin');
after(() => stage.close());
const owner = stage.newcomer('owner');
assert.equal((await stage.register(owner, '--invite', stage.ownerInvite)).status, 0);

const said = ({ events }: Ended) => events.find(({ event }) => event === 'second-factor') ?? {};

/** Sets a second factor up, as a person does. */
async function protect(person: Person): Promise<void> {
  const begun = said(await person.run(['second-factor', 'on']));
  assert.equal(begun.state, 'pending');
  const app = new Authenticator(String(begun.secret));
  const confirmed = said(await person.run(['second-factor', 'confirm', app.next()]));
  assert.equal(confirmed.state, 'on');
}

/** A login of that account on another installation. */
const logIn = (person: Person, ...words: string[]) =>
  person.run(['login', person.name, '--plain', '--directory', stage.link, ...words]);

test('from the shell: set up with a QR code, then asked of every new device; a code opens once, a recovery code too', async () => {
  const ada = await stage.registered('ada');
  const begun = said(await ada.run(['second-factor', 'on']));
  const secret = String(begun.secret);
  assert.equal(begun.uri, `otpauth://totp/p2pchat:ada?secret=${secret}`);
  const rows = begun.qr as string[];
  assert.ok(rows.length <= 23 && rows.every((row) => row.length <= 79), 'it fits a terminal of 80 by 24');
  const app = new Authenticator(secret);
  const confirmed = said(await ada.run(['second-factor', 'confirm', app.next()]));
  const codes = confirmed.codes as string[];
  assert.equal(codes.length, 10);

  const laptop = stage.newcomer('ada');
  const asked = await logIn(laptop);
  assert.deepEqual([asked.status, errorCode(asked)], [3, 'second-factor-needed']);
  assert.match(String(asked.events.find(({ event }) => event === 'error')?.hint), /--code/);
  const right = await logIn(laptop, '--code', app.next());
  assert.equal(right.status, 0);
  assert.ok(right.events.some(({ event, user }) => event === 'ready' && user === 'ada'));
  const tablet = stage.newcomer('ada');
  assert.equal((await logIn(tablet, '--code', codes[3]!.toUpperCase())).status, 0);
  // From now on the device's certificate is what lets it in.
  assert.deepEqual(said(await tablet.run(['second-factor'])), {
    ...{ event: 'second-factor', step: 'status', state: 'on', codesLeft: 9, required: false },
  });
  // X1
  const log = readFileSync(join(stage.data, 'directory.log'), 'utf8');
  for (const kept of [secret, app.again(), codes[3]!]) assert.ok(!log.includes(kept));

  assert.equal(said(await ada.run(['second-factor', 'off'])).state, 'off');
});

test('while a chat runs its person hears of every change; commands and RPC go through it', async () => {
  const ben = await stage.registered('ben');
  const chat = await ben.chat();
  const begun = said(await ben.run(['second-factor', 'on']));
  const app = new Authenticator(String(begun.secret));
  const request = { jsonrpc: '2.0', id: 1, method: 'second-factor', params: { step: 'confirm', code: app.next() } };
  const rpc = await stage.workshop.run(['rpc'], { home: ben.home, input: `${JSON.stringify(request)}\n` });
  const { result } = JSON.parse(rpc.stdout) as { result: { codes: string[] }[] };
  assert.equal(result[0]!.codes.length, 10);
  await chat.event(({ event, change, state }) => event === 'account' && change === 'second-factor' && state === 'on');
  // The phrase is the account: it takes the place of the code, and the second factor stays.
  const { events } = await ben.run(['recovery', 'show']);
  const phrase = stage.workshop.file(`${events.find(({ event }) => event === 'recovery')?.phrase}\n`);
  const again = stage.newcomer('ben', 'marble lantern orbit canyon');
  assert.equal((await logIn(again, '--recover', '--phrase-file', phrase)).status, 0);
  const next = stage.newcomer('ben', 'marble lantern orbit canyon');
  assert.equal(errorCode(await logIn(next)), 'second-factor-needed');
  // Lost, with all codes: an admin's word is enough for a lower role; it stands in the ledger, and the account is told.
  const reset = ['reset-second-factor', 'ben', 'lost', 'the', 'telephone'];
  const unable = await owner.run(reset);
  assert.deepEqual([unable.status, errorCode(unable)], [8, 'second-factor-required'], 'the owner has none');
  await protect(owner);
  assert.equal((await owner.run(reset)).status, 0);
  await chat.event(({ event, change, state }) => event === 'account' && change === 'second-factor' && state === 'off');
  assert.equal((await logIn(next)).status, 0);
  const ledger = (await owner.run(['ledger'])).events.filter(({ event }) => event === 'ledger');
  assert.deepEqual(
    ledger.map(({ action, user, by, reason }) => [action, user, by, reason]),
    [['reset-second-factor', 'ben', 'owner', 'lost the telephone']],
  );
  const self = await owner.run(['reset-second-factor', 'owner']);
  assert.deepEqual([self.status, errorCode(self)], [8, 'member-outranks']);
  // The operator's own way, for an owner who has lost it.
  const operator = ['directory', 'reset-second-factor', 'owner', '--data', stage.data, '--json'];
  assert.equal((await stage.workshop.run(operator, { home: stage.workshop.folder })).status, 0);
  assert.equal(said(await owner.run(['second-factor'])).state, 'off');
});

test('a role that needs one and has none is told at sign-in, writes and reads, and does nothing else until it is on', async () => {
  const dora = await stage.registered('dora');
  const chat = await owner.chat();
  await chat.event(({ event, code }) => event === 'error' && code === 'second-factor-required');
  assert.equal((await owner.run(['send', 'dora', 'hello'])).status, 0);
  for (const deed of [
    ['role', 'dora', 'advanced'],
    ['ban', 'dora', '--everywhere'],
    ['group', 'create', 'team'],
    ['group', 'join', 'lobby'],
  ]) {
    const refused = await owner.run(deed);
    assert.deepEqual([refused.status, errorCode(refused)], [8, 'second-factor-required'], deed.join(' '));
  }
  assert.equal((await dora.run(['group', 'join', 'lobby'])).status, 0, 'whose role needs none');
  assert.equal(said(await owner.run(['second-factor'])).required, true);
  await protect(owner);
  assert.equal((await owner.run(['role', 'dora', 'advanced'])).status, 0);
  assert.equal((await owner.run(['group', 'join', 'lobby'])).status, 0);
});
