import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { errorCode, PASSWORD, Stage } from '../support/stage.js';

const stage = await new Stage().open('--block-seconds', '30');
after(() => stage.close());

test('whoever redeems the owner invitation is super-admin, everyone after is beginner', async () => {
  const olga = stage.newcomer('olga');
  const { status, events } = await stage.register(olga, '--invite', stage.ownerInvite);
  assert.equal(status, 0);
  const [{ event, user, role, directory, device }] = events as [Record<string, unknown>];
  assert.deepEqual([event, user, role, directory], ['registered', 'olga', 'super-admin', stage.link]);
  assert.match(String(device), /^[0-9a-f]{16}$/);
  const used = await stage.register(stage.newcomer('mallory'), '--invite', stage.ownerInvite);
  assert.notEqual(used.status, 0);
  assert.match(String(errorCode(used)), /invite/);
  const wrong = await stage.register(stage.newcomer('mallory'), '--invite', 'iAAAAAAAAAAAAAAAAAAAAAA');
  assert.match(String(errorCode(wrong)), /invite/);
  const plain = await stage.register(stage.newcomer('paul'));
  assert.equal(plain.events[0]?.role, 'beginner');
});

test('A8 a taken name is refused however it is written, an invalid one before anybody is asked', async () => {
  await stage.registered('Tina');
  for (const [name, code] of [
    ['tina', 'name-taken'],
    ['TINA', 'name-taken'],
    ['ti na', 'name-invalid'],
    ['tin\u0430', 'name-invalid'],
    ['ti\u200bna', 'name-invalid'],
    ['x'.repeat(33), 'name-invalid'],
    ['system', 'name-reserved'],
  ] as const) {
    const refused = await stage.newcomer('other').run(['register', name, '--directory', stage.link]);
    assert.deepEqual([refused.status, errorCode(refused)], [2, code], name);
    assert.match(String(refused.events[0]?.hint), /\S/);
  }
});

test('a weak password is refused in the client, with the reason', async () => {
  for (const weak of ['short', 'password123', 'weakling1']) {
    const refused = await stage.register(stage.newcomer('weakling', weak));
    assert.deepEqual([refused.status, errorCode(refused)], [2, 'password-weak'], weak);
  }
});

test('a bad link, a directory that is not there and one that is another have errors of their own', async () => {
  const nobody = stage.newcomer('nobody');
  const register = (link: string) => nobody.run(['register', 'nobody', '--directory', link]);
  const bad = await register('p2pchat://nowhere');
  assert.deepEqual([bad.status, errorCode(bad)], [2, 'link-invalid']);
  const away = await register(stage.link.replace(/:\d+#/, ':1#'));
  assert.deepEqual([away.status, errorCode(away)], [7, 'directory-offline']);
  const other = await register(stage.link.replace(/#.{4}/, '#AAAA'));
  assert.equal(other.status, 6);
});

test('after three wrong passwords a name is blocked for the time that is said, while others log in', async () => {
  const vera = await stage.registered('vera');
  const will = await stage.registered('will');
  const thief = (file: string) =>
    stage.workshop.run(['login', 'vera', '--plain', '--json', '--directory', stage.link, '--password-file', file], {
      home: stage.newcomer('vera').home,
    });
  const wrong = stage.workshop.file('not the password\n');
  for (let round = 0; round < 3; round++) {
    const { status } = await thief(wrong);
    assert.ok(status === 3 || (round === 2 && status === 4), `try ${round + 1}: ${status}`);
  }
  const blocked = await thief(stage.workshop.file(`${PASSWORD}\n`));
  assert.equal(blocked.status, 4);
  const { code, message, details } = blocked.events.at(-1) as {
    code: string;
    message: string;
    details: { seconds: number };
  };
  assert.equal(code, 'name-blocked');
  assert.ok(details.seconds > 0 && details.seconds <= 30);
  assert.match(message, new RegExp(`\\b${details.seconds} s`));
  const another = await stage.anotherDevice(will);
  assert.equal((await another.run(['whoami'])).events[0]?.user, 'will');
  // A5: the device that is enrolled already is not locked out by a stranger's guessing.
  assert.equal((await vera.run(['users'])).status, 0);
});

test('a wrong password for the profile on this machine has status 3', async () => {
  const wanda = await stage.registered('wanda');
  const wrong = stage.workshop.file('not the password\n');
  const tried = await stage.workshop.run(['users', '--json', '--password-file', wrong], { home: wanda.home });
  assert.deepEqual([tried.status, tried.events[0]?.event], [3, 'error']);
});

test('the password is changed, and only the new one opens the profile and the account', async () => {
  const xena = await stage.registered('xena');
  const next = stage.workshop.file('marble lantern orbit canyon\n');
  const changed = await xena.run(['passwd', '--new-password-file', next]);
  assert.equal(changed.status, 0);
  assert.equal((await xena.run(['users'])).status, 3);
  const login = await stage.workshop.run(
    ['login', 'xena', '--plain', '--json', '--directory', stage.link, '--password-file', next],
    { home: stage.newcomer('xena').home },
  );
  assert.equal(login.status, 0);
  const weak = await stage.workshop.run(
    ['passwd', '--json', '--password-file', next, '--new-password-file', stage.workshop.file('short\n')],
    { home: xena.home },
  );
  assert.equal(weak.events.at(-1)?.code, 'password-weak');
});

test('A10 after logout the device is out, until it logs in again; its history stays', async () => {
  const yuri = await stage.registered('yuri');
  const zoe = await stage.registered('zoe');
  assert.equal((await yuri.run(['send', 'zoe', 'before'])).status, 0);
  assert.equal((await yuri.run(['logout'])).status, 0);
  assert.deepEqual([(await yuri.run(['users'])).status], [3]);
  const again = await yuri.run(['login', '--plain'], '/history @zoe\n');
  assert.equal(again.status, 0);
  assert.ok(again.events.some(({ text }) => text === 'before'));
  assert.equal((await zoe.run(['history', 'yuri'])).events[0]?.text, 'before');
});

test('A10 logging out everywhere ends the sessions of the other devices', async () => {
  const rita = await stage.registered('rita');
  const other = await stage.anotherDevice(rita);
  const listening = await other.listen();
  assert.equal((await rita.run(['logout', '--everywhere'])).status, 0);
  await listening.event(({ event }) => event === 'error');
  await listening.ended;
  assert.notEqual((await rita.run(['users'])).status, 0);
});

test('a deleted account is gone, after the password is asked once more', async () => {
  const dora = await stage.registered('dora');
  assert.equal((await dora.run(['account', 'delete'])).status, 0);
  const gone = await stage.workshop.run(
    ['login', 'dora', '--plain', '--json', '--directory', stage.link, '--password-file', dora.passwordFile],
    { home: stage.newcomer('dora').home },
  );
  assert.equal(gone.status, 3);
});

test('registration by invitation takes an invitation, once', async () => {
  const club = await new Stage().open('--registration', 'invite');
  try {
    const refused = await club.register(club.newcomer('eva'));
    assert.notEqual(refused.status, 0);
    assert.match(String(errorCode(refused)), /invite/);
    const made = await club.workshop.run(['directory', 'invite', '--data', club.data, '--json'], {
      home: club.workshop.folder,
    });
    const token = String(made.events[0]?.invite);
    assert.equal((await club.register(club.newcomer('eva'), '--invite', token)).status, 0);
    assert.match(String(errorCode(await club.register(club.newcomer('finn'), '--invite', token))), /invite/);
    await club.workshop.run(['directory', 'registration', 'closed', '--data', club.data], {
      home: club.workshop.folder,
    });
    assert.equal((await club.register(club.newcomer('gina'))).status, 8);
  } finally {
    await club.close();
  }
});
