import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Said } from '../support/processes.js';
import { type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const ada = await stage.registered('ada');

const idOf = async (person: Person): Promise<string> =>
  String((await person.run(['whoami'])).events.find(({ device }) => device !== undefined)?.device);
const isOf =
  (id: string, state: string) =>
  ({ event, change, state: is, device }: Said): boolean =>
    event === 'account' && change === 'device' && is === state && (device as { id: string }).id === id;

test('whoever is there is told of a device that logs in or recovers, and of one that is shut out', async () => {
  const { events } = await ada.run(['recovery', 'show']);
  const phrase = stage.workshop.file(`${events.find(({ event }) => event === 'recovery')?.phrase}\n`);
  const chat = await ada.chat();
  const laptop = await stage.anotherDevice(ada);
  const id = await idOf(laptop);
  const told = await chat.event(isOf(id, 'added'));
  assert.match(String(told.at), /^\d{4}-.*Z$/);
  const atLaptop = await laptop.listen();

  const again = stage.newcomer('ada', 'marble lantern orbit canyon');
  const words = ['login', 'ada', '--plain', '--directory', stage.link, '--recover', '--phrase-file', phrase];
  assert.equal((await again.run(words)).status, 0);
  const recovered = await idOf(again);
  await Promise.all([chat, atLaptop].map((one) => one.event(isOf(recovered, 'added'))));

  // By the new password, through the chat that runs.
  const revoked = await stage.workshop.run(['device', 'revoke', id, '--json', '--password-file', again.passwordFile], {
    home: again.home,
  });
  assert.equal(revoked.status, 0);
  await chat.event(isOf(id, 'revoked'));
  await chat.kill('SIGTERM');
});

test('whoever is away is told in the next chat, what to do included, and no command before takes the news away', async () => {
  const bob = await stage.registered('bob');
  const laptop = await stage.anotherDevice(bob);
  const id = await idOf(laptop);
  assert.equal((await bob.run(['users'])).status, 0);
  const lines = await stage.workshop.run(['login', '--plain', '--password-file', bob.passwordFile], { home: bob.home });
  assert.equal(lines.status, 0);
  const line = new RegExp(`A device was added to your account: .+ \\(${id}\\).+/revokedevice ${id} .+/passwd`);
  assert.match(lines.stdout, line);
  const next = await stage.workshop.run(['login', '--plain', '--password-file', bob.passwordFile], { home: bob.home });
  assert.doesNotMatch(next.stdout, /device was added/);
});
