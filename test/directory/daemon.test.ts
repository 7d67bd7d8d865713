import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { type Code, type Failure, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { COMMANDS } from '../../src/directory/console/commands.js';
import { type Daemon, parseListen, startDaemon } from '../../src/directory/daemon.js';
import { parseLink } from '../../src/wire/link.js';
import { afterwards, temporaryFolder } from '../support/directory.js';
import {
  openEnrol,
  PASSWORD,
  readRoster,
  register,
  registerOn,
  signIn,
  type TestPeer,
} from '../support/directory-client.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

async function daemon(t: TestContext, data: string, listen = '127.0.0.1:0'): Promise<Daemon> {
  const running = await startDaemon({ data, listen });
  afterwards(t, async () => {
    await running.close();
    await running.ended;
  });
  return running;
}

const parcelTo = ({ user, device }: TestPeer, sealed: Uint8Array = utf8('sealed')) => ({
  ...{ user, device, sealed },
  id: systemRandom.bytes(16),
});

const said = async (running: Daemon, line: string) => (await running.command(line)).map(({ json }) => json);

test('a restart on the same data loses nothing, and prints the owner invite until there is an owner', async (t) => {
  const data = await temporaryFolder(t);
  const first = await daemon(t, data);
  const alice = await register(first.link, 'alice');
  const sender = await signIn(first.link, alice);
  const parcel = parcelTo(alice);
  await sender.request('mailbox.put', { parcels: [parcel] });
  await sender.request('keypackages.publish', { packages: [utf8('package')] });
  await first.close();
  assert.equal((await sender.notices.next('end')).code, 'directory-stopping');
  const second = await daemon(t, data);
  assert.equal(second.ownerInvite, first.ownerInvite);
  assert.equal(parseLink(second.link).fingerprint, parseLink(first.link).fingerprint);
  const client = await signIn(second.link, alice);
  afterwards(t, () => client.close());
  assert.equal(client.welcome.keyPackages, 1);
  assert.equal(client.welcome.startsSeen, 1);
  const { entries } = await client.request('mailbox.read', { after: 0, limit: 10 });
  assert.deepEqual(
    entries.map(({ id }) => id),
    [parcel.id],
  );
  const channel = await openEnrol(second.link);
  await registerOn(channel, second.link, 'boss', { invite: second.ownerInvite! });
  await channel.close();
  await second.close();
  assert.equal((await daemon(t, data)).ownerInvite, undefined);
});

test('stopping answers what has been asked for', async (t) => {
  const data = await temporaryFolder(t);
  const running = await daemon(t, data);
  const alice = await register(running.link, 'alice');
  const client = await signIn(running.link, alice);
  const parcels = Array.from({ length: 30 }, () => parcelTo(alice));
  const puts = Promise.allSettled(parcels.map((parcel) => client.request('mailbox.put', { parcels: [parcel] })));
  await client.notices.next('mailbox');
  await running.close();
  const done = (await puts).map(({ status }) => status === 'fulfilled');
  assert.ok(done.includes(true));
  const again = await daemon(t, data);
  const reader = await signIn(again.link, alice);
  afterwards(t, () => reader.close());
  const { entries } = await reader.request('mailbox.read', { after: 0, limit: 64 });
  const stored = new Set(entries.map(({ id }) => Buffer.from(id).toString('hex')));
  parcels.forEach(({ id }, index) => {
    if (done[index]) assert.ok(stored.has(Buffer.from(id).toString('hex')), 'what was acknowledged is there');
  });
});

test('a busy port, a bad address and data in use are each their own error', async (t) => {
  const data = await temporaryFolder(t);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  afterwards(t, () => other.close());
  const { port } = other.address() as { port: number };
  await assert.rejects(startDaemon({ data, listen: `127.0.0.1:${port}` }), (error: Failure) => {
    assert.deepEqual([error.code, error.reason], ['port-busy', 'usage']);
    return /--listen/.test(error.hint);
  });
  await assert.rejects(startDaemon({ data, listen: '192.0.2.1:0' }), coded('listen-failed'));
  for (const listen of ['', 'localhost', 'host:99999', '::1:80']) {
    assert.throws(() => parseListen(listen), coded('listen-invalid'));
  }
  assert.deepEqual(parseListen('[::1]:80'), { host: '::1', port: 80 });
  await daemon(t, data);
  await assert.rejects(startDaemon({ data, listen: '127.0.0.1:0' }), coded('store-in-use'));
});

test('the console pauses and resumes, shows status and users, and names the nearest command', async (t) => {
  const running = await daemon(t, await temporaryFolder(t));
  const alice = await register(running.link, 'alice');
  const client = await signIn(running.link, alice);
  afterwards(t, () => client.close());
  await running.command('stop');
  await assert.rejects(openEnrol(running.link));
  await client.request('users.list', { limit: 1 });
  const [status] = await said(running, 'status');
  assert.deepEqual(
    [status!.accepting, status!.accounts, status!.devices, status!.database, status!.owner],
    [false, 1, 1, 'main', null],
  );
  await running.command('start');
  await (await openEnrol(running.link)).close();
  const users = await said(running, 'users');
  assert.deepEqual(
    users.map(({ user, role, state }) => [user, role, state]),
    [['alice', 'beginner', 'online']],
  );
  await assert.rejects(running.command('statsu'), (error: Failure) => /'status'/.test(error.hint));
  await assert.rejects(running.command('status now'), coded('command-usage'));
  await assert.rejects(running.command('invite many'), coded('argument-invalid'));
  const usages = (await said(running, 'help')).map(({ usage }) => String(usage).split(' ')[0]);
  assert.deepEqual(
    usages,
    COMMANDS.map(({ name }) => name),
  );
  assert.match(
    (await running.command('invite 3 1'))[0]!.lines[1]!,
    /p2pchat register NAME --directory 'p2pchat:.*' --invite i/,
  );
  await running.command('exit');
  await running.ended;
});

test('another database is another directory: its own link, accounts and owner; the port stays, and so does the choice', async (t) => {
  const data = await temporaryFolder(t);
  const running = await daemon(t, data);
  const alice = await register(running.link, 'alice');
  const [other] = await said(running, 'database other');
  const link = other!.link as string;
  assert.notEqual(parseLink(link).fingerprint, parseLink(running.link).fingerprint);
  assert.equal(parseLink(link).port, parseLink(running.link).port);
  assert.ok(other!.ownerInvite);
  await assert.rejects(signIn(link, alice), coded('certificate-untrusted'));
  await register(link, 'alice');
  await assert.rejects(running.command('database ../x'), coded('database-name'));
  await running.close();
  const again = await daemon(t, data);
  assert.equal(parseLink(again.link).fingerprint, parseLink(link).fingerprint);
  const [back] = await said(again, 'database main');
  const client = await signIn(back!.link as string, alice);
  await client.close();
});

/** Every file below a folder, with its content. */
async function contents(folder: string): Promise<{ path: string; mode: number; isFolder: boolean; bytes: Buffer }[]> {
  const found: { path: string; mode: number; isFolder: boolean; bytes: Buffer }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    const isFolder = entry.isDirectory();
    found.push({ path, mode: mode & 0o777, isFolder, bytes: isFolder ? Buffer.alloc(0) : await readFile(path) });
  }
  return found;
}

test('X1 passwords and invitations stand in no file in clear, contents not in the log, and nobody else may read', async (t) => {
  // As it is where nobody has cared for it.
  process.umask(0o022);
  const data = await temporaryFolder(t);
  const running = await daemon(t, data);
  const alice = await register(running.link, 'alice');
  const client = await signIn(running.link, alice);
  const [made] = await said(running, 'invite');
  const sealed = utf8('content only the receiver may know about');
  await client.request('mailbox.put', { parcels: [parcelTo(alice, sealed)] });
  await client.request('roster.get', { user: 'ghost', watch: false }).catch(() => {});
  const channel = await openEnrol(running.link);
  await channel.request('login.start', { user: 'x\n"}{ \u202e', request: new Uint8Array(96) }).catch(() => {});
  await channel.close();
  await client.close();
  await running.close();
  await running.ended;
  const files = await contents(data);
  for (const { path, mode, isFolder } of files) {
    assert.equal(mode & 0o077, 0, `${path} is ${mode.toString(8)}`);
    assert.ok(isFolder || mode === 0o600, path);
  }
  const holding = (secret: string | Uint8Array) =>
    files.filter(({ bytes }) => bytes.includes(Buffer.from(secret))).map(({ path }) => path);
  assert.deepEqual(holding(PASSWORD), []);
  assert.deepEqual(holding(made!.invite as string), []);
  assert.deepEqual(holding(alice.identity.seed()), []);
  assert.deepEqual(holding(alice.key.seed()), []);
  assert.notDeepEqual(holding(alice.identity.publicKey), [], 'the search finds what is there');
  const log = files.find(({ path }) => path.endsWith('directory.log'))!.bytes;
  assert.ok(!log.includes(Buffer.from(sealed)));
  const lines = log
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const commands = lines.filter(({ msg }) => msg === 'command');
  const outcome = (command: string) => commands.find((line) => line.command === command);
  assert.deepEqual([outcome('mailbox.put')!.user, outcome('mailbox.put')!.outcome], ['alice', 'ok']);
  assert.equal(outcome('roster.get')!.outcome, 'user-unknown');
  assert.ok(commands.every(({ user }) => user === undefined || /^[\w.-]*$|^\(no name\)$/.test(user as string)));
});

test('S3 a full disk is told to who sends, loses nothing acknowledged, and is written again when there is room', async (t) => {
  const disk = await temporaryFolder(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'none', disk]);
  if (mounted.status !== 0) return t.skip('only root can mount a small file system (Linux)');
  afterwards(t, () => execFileSync('umount', [disk]));
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, new Uint8Array(16 << 20));
  const running = await startDaemon({
    ...{ data: join(disk, 'data'), listen: '127.0.0.1:0' },
    limits: { messages: { burst: 10_000, perSecond: 1000 } },
  });
  const alice = await register(running.link, 'alice');
  const client = await signIn(running.link, alice);
  const acknowledged: string[] = [];
  let refusal: Failure | undefined;
  while (refusal === undefined) {
    const parcel = parcelTo(alice, systemRandom.bytes(200_000));
    await client.request('mailbox.put', { parcels: [parcel] }).then(
      () => acknowledged.push(Buffer.from(parcel.id).toString('hex')),
      (error: Failure) => {
        refusal = error;
      },
    );
  }
  assert.deepEqual([refusal.code, refusal.reason], ['directory-full', 'storage']);
  await rm(ballast);
  const parcel = parcelTo(alice);
  for (let tries = 0; ; tries++) {
    const stored = await client.request('mailbox.put', { parcels: [parcel] }).then(
      () => true,
      () => false,
    );
    if (stored) break;
    assert.ok(tries < 50, 'it never took anything again');
  }
  const found = new Set<string>();
  for (let after = 0, more = true; more; ) {
    const page = await client.request('mailbox.read', { after, limit: 64 });
    for (const { id, position } of page.entries) {
      found.add(Buffer.from(id).toString('hex'));
      after = position;
    }
    more = page.more;
  }
  for (const id of acknowledged) assert.ok(found.has(id));
  await readRoster(client, running.link, 'alice');
  await client.close();
  await running.close();
  await running.ended;
});
