import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Capture } from '../support/capture.js';
import { entries, filesWith, found } from '../support/needles.js';
import { Recorder } from '../support/recorder.js';
import { isMessage, type Person, Stage } from '../support/stage.js';

/** Random, so that compression leaves them as they are and nothing else looks like them. */
const secret = (what: string): string => `${what}-${randomBytes(18).toString('base64url')}`;
const passwords = [secret('password'), secret('password')] as const;
const next = secret('password');
const plaintexts = [secret('direct'), secret('mailbox'), secret('answer')] as const;
const everything = [...passwords, next, ...plaintexts];

let stage: Stage;
let recorder: Recorder;
let ada: Person;
let ben: Person;
const environments: string[] = [];
let capture: Capture | undefined;

/** Where the system shows it: the arguments and the environment of a running process. */
function look(pid: number | undefined): void {
  if (process.platform !== 'linux' || pid === undefined) return;
  environments.push(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), readFileSync(`/proc/${pid}/environ`, 'latin1'));
}

before(async () => {
  stage = await new Stage().open();
  capture = await Capture.start();
  recorder = await Recorder.before(Number(/:(\d+)#/.exec(stage.link)![1]));
  stage.link = stage.link.replace(/:\d+#/, `:${recorder.port}#`);
  ada = await stage.registered('ada', passwords[0]);
  ben = await stage.registered('ben', passwords[1]);
  const [a, b] = await Promise.all([ada.chat(), ben.chat()]);
  a.type(`/msgto ben ${plaintexts[0]}`);
  await b.event(isMessage(plaintexts[0]));
  look(a.child.pid);
  look(stage.directory.child.pid);
  b.end();
  await b.ended;
  a.type(plaintexts[1]);
  await a.event(({ event, state }) => event === 'sent' && state === 'stored');
  a.end();
  await a.ended;
  await ben.run(['listen', '--count', '1', '--timeout', '20']);
  await ben.run(['send', 'ada', plaintexts[2]]);
  await ben.run(['passwd', '--new-password-file', stage.workshop.file(next)]);
});
after(async () => {
  await capture?.stop();
  await stage.close();
  await recorder.close();
});

test('X1 no plaintext and no password is in what the directory keeps and logs', () => {
  assert.deepEqual(filesWith(everything, stage.data), []);
  assert.deepEqual(found(everything, Buffer.from(stage.directory.stdout + stage.directory.stderr)), []);
});

test('X1 no plaintext, password or private key is in the traffic with the directory', () => {
  assert.ok(recorder.traffic.length > 10_000);
  assert.deepEqual(found([...everything, 'PRIVATE KEY'], recorder.traffic), []);
});

test('X1 no plaintext and no password is in what goes between two people', async (t) => {
  if (capture === undefined) return t.skip('tcpdump, or the right to use it, is missing');
  const packets = await capture.stop();
  assert.ok(packets.length > 100_000);
  assert.deepEqual(found(everything, packets), []);
});

test('X1 no plaintext, password or private key is in clear in a profile', () => {
  for (const { home } of [ada, ben]) assert.deepEqual(filesWith([...everything, 'PRIVATE KEY'], home), []);
});

test('X1 no secret is in the arguments or the environment of a process', () => {
  if (process.platform === 'linux') assert.equal(environments.length, 4);
  for (const text of environments) assert.deepEqual(found(everything, Buffer.from(text, 'latin1')), []);
});

test('X1 files are 0600 and folders 0700, at the directory and in a profile', () => {
  for (const root of [stage.data, ada.home, ben.home]) {
    for (const { path, folder, mode } of entries(root)) {
      assert.equal(mode & 0o077, 0, `${path} has mode ${mode.toString(8)}`);
      assert.equal(mode & (folder ? 0o700 : 0o600), folder ? 0o700 : 0o600, path);
    }
  }
});

test('the search finds each of these when it is planted, however it is spelled', () => {
  const [text] = plaintexts;
  for (const spelled of [
    Buffer.from(`before ${text} after`),
    Buffer.from(text, 'utf16le'),
    Buffer.from(Buffer.from(text).toString('hex')),
    Buffer.from(Buffer.from(`x${text} and more`).toString('base64')),
    Buffer.from(Buffer.from(`xy${text}`).toString('base64url')),
  ]) {
    const path = join(stage.data, 'planted');
    writeFileSync(path, spelled, { mode: 0o600 });
    assert.deepEqual(filesWith(everything, stage.data), [path]);
    writeFileSync(path, '');
  }
  recorder.plant(Buffer.from(passwords[0]));
  assert.deepEqual(found(everything, recorder.traffic), [passwords[0]]);
});
