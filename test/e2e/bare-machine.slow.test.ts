import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageFile } from '../../src/base/package-files.js';
import { type BareMachine, BareMachines, lacking } from '../support/bare-machines.js';
import { PASSWORD } from '../support/stage.js';
import type { TerminalSession } from '../support/terminal.js';

/**
 * What `npm run package -- --deb` has made, on machines with nothing: no Node, no npm, no registry. `.ci/run` runs it by
 * itself, because making the machines takes most of a minute.
 */
const skip = lacking();
const made = packageFile('dist/package');
const named = (end: string): string => join(made, readdirSync(made).find((name) => name.endsWith(end)) ?? end);
let machines: BareMachines;
before(() => {
  if (!skip) machines = new BareMachines();
});
after(() => machines?.close());

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

/** @param named the name stood on the command line */
async function signUp(terminal: TerminalSession, name: string, named = false): Promise<void> {
  await seen(terminal, 'Create an account');
  terminal.write('\r');
  await seen(terminal, 'Password again');
  terminal.write(`${named ? '' : `${name}\r`}${PASSWORD}\r${PASSWORD}\r\r`);
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
  bob.write(`p2pchat login bob --directory '${link}'\r`);
  await signUp(bob, 'bob', true);
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
  assert.ok(first + second <= 20, 'no more than 20 s of the machine');
});

test('what install.sh refuses leaves nothing, an upgrade replaces, and what it takes away is all it brought', {
  skip,
}, () => {
  const machine = equipped(3);
  const before = machine.run(LEFT).text;
  const refused = (script: string, why: RegExp): void => {
    const { status, text } = machine.run(script);
    assert.equal(status, 1, text);
    assert.match(text, why);
    assert.equal(machine.run(LEFT).text, before);
  };
  refused('cp p2pchat-*.tar.gz other.tar.gz && sh install.sh other.tar.gz', /other\.tar\.gz\.sha256 is not there/);
  refused(`sh install.sh other.tar.gz --sha256 ${'0'.repeat(64)}`, /is not what it should be/);
  refused('sh install.sh nowhere.tar.gz', /can't be read/);
  refused(
    'head -c 9000000 other.tar.gz >cut.tar.gz; sha256sum cut.tar.gz >cut.tar.gz.sha256; sh install.sh cut.tar.gz',
    /could not be unpacked/,
  );
  refused('sh install.sh --uninstall', /nothing in \/usr\/local that this script has installed/);
  refused('sh install.sh http://127.0.0.1:9/p2pchat.tar.gz', /Neither curl nor wget/);
  for (const words of [/p2pchat \d+\.\d+\.\d+ is installed:/, /is installed, in place of \d+\.\d+\.\d+:/]) {
    assert.match(machine.run('sh install.sh p2pchat-*.tar.gz').text, words);
    assert.match(machine.run('p2pchat --version').text, /^\d+\.\d+\.\d+\n$/);
  }
  assert.match(machine.run('sh install.sh --uninstall').text, /p2pchat is gone from \/usr\/local/);
  assert.equal(machine.run(LEFT).text, before);
});

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
