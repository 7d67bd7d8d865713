import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageFile } from '../../src/base/package-files.js';
import { type BareMachine, BareMachines } from '../support/bare-machines.js';
import { Workshop } from '../support/processes.js';
import { PASSWORD } from '../support/stage.js';
import type { TerminalSession } from '../support/terminal.js';

/**
 * What `npm run package -- --deb` has made, on machines with nothing: no Node, no npm, no registry. `.ci/run` runs it by
 * itself, because making the machines takes most of a minute. Where this machine can't have them it is skipped, and says why.
 */
const made = packageFile('dist/package');
const unmade = existsSync(made) ? false : 'npm run package -- --deb has not been run';
const opened = unmade || (await BareMachines.open());
const skip = typeof opened === 'string' ? opened : false;
const machines = opened as BareMachines;
const workshop = new Workshop();
after(async () => {
  if (!skip) await machines.close();
  await workshop.close();
});
const named = (end: string): string => join(made, readdirSync(made).find((name) => name.endsWith(end)) ?? end);

function equipped(number: number): BareMachine {
  const machine = machines.machine(number);
  const archive = named(`linux-${process.arch}.tar.gz`);
  machine.bring(archive, `${archive}.sha256`, join(made, 'install.sh'));
  return machine;
}

/** What is there besides folders. */
const LEFT = 'find /usr/local ! -type d | sort';

const seen = (terminal: TerminalSession, text: string): Promise<void> =>
  terminal.waitFor((screen) => screen.has(text), text, 40_000);

async function install(terminal: TerminalSession): Promise<void> {
  terminal.write('cd; sh install.sh p2pchat-*.tar.gz\r');
  await seen(terminal, 'Take it away:');
}

/** In the form that the chat begins with. */
async function signUp(terminal: TerminalSession, name: string): Promise<void> {
  await seen(terminal, 'Create an account');
  terminal.write('\r');
  await seen(terminal, 'Password again');
  terminal.write(`${name}\r${PASSWORD}\r${PASSWORD}\r\r`);
  await seen(terminal, `p2pchat · ${name}`);
}

/** By what `/invite --words` tells in another chat. */
async function joinBy(terminal: TerminalSession, host: string, code: string, name: string): Promise<void> {
  terminal.write(`p2pchat join --directory ${host}\r`);
  for (const [asked, answer] of [
    ['Code, a number and three words:', code],
    ['User name:', name],
    ['New password:', PASSWORD],
    ['New password once more:', PASSWORD],
  ] as const) {
    await seen(terminal, asked);
    terminal.write(`${answer}\r`);
  }
  await seen(terminal, `p2pchat · ${name}`);
}

/** Seconds of the processor that a shell's children have taken, once they have ended. */
async function worked(terminal: TerminalSession): Promise<number> {
  terminal.write('/quit\r');
  await terminal.waitFor((screen) => !screen.alternate, 'the shell again', 60_000);
  terminal.write('clear; times; echo "do""ne"\r');
  await seen(terminal, 'done');
  const all = [...terminal.screen.text.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return all.reduce((sum, seconds) => sum + seconds, 0);
}

test('two machines with nothing: two commands on each to the first message between them', { skip }, async (t) => {
  const [here, there] = [equipped(1), equipped(2)];
  assert.notEqual(here.run('command -v node || command -v npm').status, 0);
  const began = performance.now();
  const [ada, bob] = [here.shell(), there.shell()];
  await Promise.all([install(ada), install(bob)]);
  ada.write('p2pchat start --listen 0.0.0.0:4000\r');
  await signUp(ada, 'ada');
  await ada.waitFor(({ text }) => /p2pchat:\/\/\S+/.test(text), 'the link', 60_000);
  const [link] = /p2pchat:\/\/[^\s']+/.exec(ada.screen.text)!;
  assert.ok(link.startsWith(`p2pchat://${here.address}:4000#`), link);
  ada.write('/invite --words\r');
  const words = /this code: (\d+( [a-z]+){3})/;
  await ada.waitFor(({ text }) => words.test(text), 'the words', 60_000);
  const [, code = ''] = words.exec(ada.screen.text)!;
  await joinBy(bob, here.address, code, 'bob');
  bob.write('/msgto ada good morning from a machine with nothing\r');
  await seen(ada, 'bob');
  ada.write('/open @bob\r');
  await seen(ada, 'good morning from a machine with nothing');
  const took = (performance.now() - began) / 1000;
  const [first, second] = [await worked(ada), await worked(bob)];
  t.diagnostic(
    `bare machines: ${took.toFixed(1)} s from the first key to the first message read; ` +
      `the processor worked ${first.toFixed(1)} s on the one, ${second.toFixed(1)} s on the other`,
  );
});

test('what install.sh refuses leaves nothing, and what it takes away is all it brought', { skip }, () => {
  const machine = equipped(3);
  const before = machine.run(LEFT).text;
  const refused = (script: string, why: RegExp): void => {
    const there = machine.run(LEFT).text;
    const { status, text } = machine.run(script);
    assert.notEqual(status, 0, text);
    assert.match(text, why);
    assert.equal(machine.run(LEFT).text, there);
  };
  refused('cp p2pchat-*.tar.gz other.tar.gz && sh install.sh other.tar.gz', /other\.tar\.gz\.sha256 is not there/);
  refused(`sh install.sh other.tar.gz --sha256 ${'0'.repeat(64)}`, /is not what it should be/);
  refused('sh install.sh nowhere.tar.gz', /can't be read/);
  refused(
    'head -c 9000000 other.tar.gz >cut.tar.gz; sha256sum cut.tar.gz >cut.tar.gz.sha256; sh install.sh cut.tar.gz',
    /could not be unpacked/,
  );
  refused(
    'tar -czf odd.tar.gz install.sh; sha256sum odd.tar.gz >odd.tar.gz.sha256; sh install.sh odd.tar.gz',
    /brings Node/,
  );
  refused('sh install.sh --uninstall', /nothing in \/usr\/local that this script has installed/);
  refused('sh install.sh https://127.0.0.1:9/p2pchat.tar.gz', /Neither curl nor wget/);
  refused('sh install.sh http://127.0.0.1:9/p2pchat.tar.gz', /anybody on the way can change/);
  for (const bytes of [1_000, 3_000, 5_000, 7_000, 9_000, -10]) {
    const { text } = machine.run(`head -c ${bytes} install.sh | sh -s -- p2pchat-*.tar.gz`);
    assert.equal(machine.run(LEFT).text, before, `a script that came in part, ${bytes}: ${text}`);
  }
  machine.run('ln -s /bin/true /usr/local/bin/p2pchat');
  refused('sh install.sh p2pchat-*.tar.gz', /bin\/p2pchat is there and not from this script/);
  machine.run('rm /usr/local/bin/p2pchat');
  assert.match(machine.run('sh install.sh p2pchat-*.tar.gz').text, /p2pchat \d+\.\d+\.\d+ is installed:/);
  refused(`sh install.sh other.tar.gz --sha256 ${'0'.repeat(64)}`, /is not what it should be/);
  assert.match(machine.run('p2pchat --version').text, /^\d+\.\d+\.\d+\n$/);
  assert.match(machine.run('sh install.sh --uninstall').text, /p2pchat is gone from \/usr\/local/);
  assert.equal(machine.run(LEFT).text, before);

  machine.run('useradd -m eve; mv p2pchat-* install.sh /srv');
  const own = machine.run(
    "su eve -c 'umask 077; sh /srv/install.sh /srv/p2pchat-*.tar.gz; ~/.local/bin/p2pchat --version'",
  );
  assert.match(own.text, /\/home\/eve\/\.local\/bin is not in PATH[\s\S]*\n\d+\.\d+\.\d+\n$/);
  assert.equal(machine.run(LEFT).text, before);
});

test('a directory that runs goes on through an upgrade with the files it was started from, and they go after it', {
  skip,
}, async () => {
  const machine = equipped(5);
  const upgrade = (): string => machine.run('sh install.sh p2pchat-*.tar.gz').text;
  const versions = (): string[] =>
    machine
      .run('ls /usr/local/lib/p2pchat')
      .text.split('\n')
      .filter((name) => /^\d/.test(name));
  upgrade();
  const terminal = machine.shell();
  terminal.write('p2pchat directory start --data /root/data --listen 127.0.0.1:4000\r');
  await terminal.waitFor(({ text }) => /p2pchat:\/\/\S+/.test(text), 'the link', 60_000);
  const [link] = /p2pchat:\/\/[^\s']+/.exec(terminal.screen.text)!;
  assert.match(
    upgrade(),
    /is installed, in place of \d+\.\d+\.\d+:[\s\S]*Still the old one, until they are started again: .* \d+\./,
  );
  assert.equal(versions().length, 2);
  const asked = machine.run(
    `echo '${PASSWORD}' >password; p2pchat register ann --directory '${link}' --password-file password`,
  );
  assert.equal(asked.status, 0, asked.text);
  terminal.write('exit\r');
  await seen(terminal, '# ');
  assert.doesNotMatch(upgrade(), /Still the old one/);
  assert.equal(versions().length, 1);
  machine.run('p2pchat directory install --unit unit --config config');
  assert.match(
    machine.run('cat unit').text,
    /^ExecStart="\/usr\/local\/lib\/p2pchat\/current\/bin\/p2pchat" "directory" "start"/m,
  );
});

test('an archive that is fetched by its address is installed when it came whole, and nothing is when it did not', {
  skip: unmade,
}, async () => {
  const archive = readFileSync(named(`linux-${process.arch}.tar.gz`));
  const server = createServer(({ url }, response) => answer(url ?? '', archive, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [sha256 = ''] = readFileSync(named(`linux-${process.arch}.tar.gz.sha256`), 'utf8').split(' ');
  const prefix = join(workshop.folder, 'fetched');
  const install = async (path: string): Promise<string> => {
    const words = ['install.sh', `http://127.0.0.1:${port}/${path}`, '--sha256', sha256, '--prefix', prefix];
    const child = spawn('sh', words, { cwd: made, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    await once(child, 'close');
    return said;
  };
  try {
    for (const path of ['cut', 'missing', 'other']) {
      assert.match(await install(path), /nothing was changed/);
      assert.equal(existsSync(join(prefix, 'lib', 'p2pchat')), false);
    }
    assert.match(await install('whole'), /is installed:/);
  } finally {
    server.close();
  }
});

/** A server that breaks off, has nothing, has something else, or has it. */
function answer(url: string, archive: Buffer, response: ServerResponse): void {
  if (url === '/missing') response.writeHead(404).end('<p>no such thing');
  else if (url === '/other') response.end('<p>please sign in to this network');
  else response.writeHead(200, { 'Content-Length': archive.length });
  if (url === '/cut') response.write(archive.subarray(0, 5_000_000), () => response.destroy());
  else if (url === '/whole') response.end(archive);
}

test('the Debian package installs by dpkg alone, is complete, and goes again', { skip }, () => {
  const machine = machines.machine(4);
  machine.bring(named('.deb'));
  const installed = machine.run('dpkg -i p2pchat_*.deb');
  assert.equal(installed.status, 0, installed.text);
  assert.match(machine.run('p2pchat whoami; p2pchat --version').text, /^\d+\.\d+\.\d+$/m);
  for (const file of ['man/man1/p2pchat.1.gz', 'doc/p2pchat/THIRD-PARTY', 'doc/p2pchat/copyright']) {
    assert.equal(machine.run(`dpkg -S /usr/share/${file}`).status, 0, file);
  }
  assert.equal(machine.run('dpkg -r p2pchat').status, 0);
  assert.equal(machine.run('command -v p2pchat').status, 127);
});
