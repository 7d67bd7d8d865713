import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { describe } from '../../src/transfer/transfer.js';
import { Workshop } from '../support/processes.js';
import { PASSWORD, Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

/** The habits of a shell: pipes in the place of files, standard input, words that begin with a dash. */

const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
const workshop = new Workshop();
let town: Town;
let bob: PeerApi;
let secret: string;
let inbox: string;

before(async () => {
  town = await Town.build();
  bob = await town.settle('bob');
  const ann = await town.settle('ann');
  await ann.send('bob', 'un e\u0301clair');
  await ann.close();
  secret = workshop.file(`${PASSWORD}\n`);
  inbox = join(workshop.folder, 'in');
  mkdirSync(inbox);
  bob.files.receive({ accept: 'all', folder: inbox });
});
after(async () => {
  await town.close();
  await workshop.close();
});

/** Root may read everything: here it may not. */
const UNPRIVILEGED = process.getuid?.() === 0 ? 'setpriv --bounding-set=-dac_override,-dac_read_search' : '';

/** A line of bash, with `p2pchat` in it. */
async function bash(line: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn('bash', ['-c', `p2pchat() { ${UNPRIVILEGED} "${process.execPath}" "${bin}" "$@"; }; ${line}`], {
    env: {
      PATH: process.env.PATH,
      HOME: workshop.folder,
      P2PCHAT_HOME: town.home('ann'),
      P2PCHAT_LAN: 'off',
      P2PCHAT_MAPPING: 'off',
      PW: secret,
    },
    cwd: workshop.folder,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

test('a password may come out of a pipe', async () => {
  const { status, stdout, stderr } = await bash('p2pchat search éclair --password-file <(cat "$PW")');
  assert.equal(status, 0, stderr);
  // B12: written in two parts, kept and found as one.
  assert.match(stdout, /un éclair/);
});

test('a file may come from standard input or a pipe, under the name that is given', async () => {
  const piped = await bash('echo one | p2pchat file bob - --name one.txt --timeout 60s --password-file "$PW"');
  assert.equal(piped.status, 0, piped.stderr);
  assert.equal(readFileSync(join(inbox, 'one.txt'), 'utf8'), 'one\n');
  const substituted = await bash('p2pchat file bob <(echo two) --name two.txt --timeout 60s --password-file "$PW"');
  assert.equal(substituted.status, 0, substituted.stderr);
  assert.equal(readFileSync(join(inbox, 'two.txt'), 'utf8'), 'two\n');
  const nameless = await bash('echo x | p2pchat file bob - --password-file "$PW"');
  assert.equal(nameless.status, 2);
  assert.match(nameless.stderr, /--name/);
});

test('behind -- a word that begins with a dash is a word, in lists too', async () => {
  writeFileSync(join(workshop.folder, '-rf'), 'q');
  const sent = await bash('p2pchat file bob --timeout 60s --password-file "$PW" -- -rf');
  assert.equal(sent.status, 0, sent.stderr);
  const { status, stderr } = await bash('p2pchat send bob -hello');
  assert.equal(status, 2);
  assert.match(stderr, /stands behind --, as in: p2pchat send bob -- -hello/);
});

test('a folder that can take nothing is found out before anybody is told', async () => {
  const { status, stderr } = await bash('p2pchat listen --to "$PW" --timeout 5 --password-file "$PW"');
  assert.equal(status, 2, stderr);
  assert.match(stderr, /--to: no files can be put into/);
});

test('what of a folder is not sent is named', async () => {
  const folder = join(workshop.folder, 'proj');
  mkdirSync(join(folder, 'empty'), { recursive: true });
  writeFileSync(join(folder, 'a'), 'a');
  symlinkSync('a', join(folder, 'link'));
  const { leftOut, folders } = await describe([folder]);
  assert.deepEqual([leftOut, folders], [[{ name: 'proj/link', why: 'a link' }], ['proj/empty']]);
  const { status, stdout, stderr } = await bash('p2pchat file bob proj --timeout 60s --password-file "$PW"');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Not sent: proj\/link \(a link\)/);
});

test('what may not be read is named at once, and left out if one says so; the receiver is told of it', async () => {
  const folder = join(workshop.folder, 'locked');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), name);
  for (const name of ['b', 'deep']) chmodSync(join(folder, name), 0);
  const offer = 'p2pchat file bob locked --timeout 60s --password-file "$PW"';
  const refused = await bash(offer);
  assert.equal(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /you may not read 'locked\/b', 'locked\/deep\/': nothing was offered/);
  const atBob = watch(bob);
  const { status, stdout, stderr } = await bash(`${offer} --skip-unreadable`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Not sent: locked\/b \(not readable\), locked\/deep\/ \(not readable\)/);
  const { files, leftOut } = await event(atBob, 'transfer', (one) => one.state === 'done');
  assert.deepEqual(
    [files.map(({ name }) => name), leftOut?.map(({ name, why }) => `${name}: ${why}`)],
    [['locked/a'], ['locked/b: not readable', 'locked/deep/: not readable']],
  );
});
