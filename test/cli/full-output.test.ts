import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMessage, Stage } from '../support/stage.js';

/** An output that can't be written is no success, whatever says it. */

const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
const stage = await new Stage().open();
after(() => stage.close());
const [ada, ben] = [await stage.registered('ada'), await stage.registered('ben')];
const environment = (home: string) => ({
  PATH: process.env.PATH ?? '',
  P2PCHAT_HOME: home,
  P2PCHAT_LAN: 'off',
  P2PCHAT_MAPPING: 'off',
});

async function run(words: readonly string[], stdout: number | 'closed'): Promise<{ status: unknown; stderr: string }> {
  const child = spawn(process.execPath, [bin, ...words], {
    stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'],
    env: environment(ada.home),
  });
  if (stdout === 'closed') child.stdout?.destroy();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { status: code, stderr };
}

const COMMANDS: readonly (readonly string[])[] = [
  ['whoami'],
  ['--help'],
  ['--version'],
  ['completion', 'bash'],
  ['export', '--password-file', ada.passwordFile],
  ['history', '@ben', '--password-file', ada.passwordFile],
  ['send', 'ben', 'hello', '--json', '--password-file', ada.passwordFile],
  ['users', '--password-file', ada.passwordFile],
];

for (const words of COMMANDS) {
  const what = words.filter((word) => word !== '--password-file' && word !== ada.passwordFile).join(' ');
  test(`N27 a full disk under the output is an error, and said: ${what}`, {
    skip: !existsSync('/dev/full'),
  }, async () => {
    await ada.run(['send', 'ben', 'something to say']);
    const { status, stderr } = await run(words, openSync('/dev/full', 'w'));
    assert.equal(status, 1, stderr);
    assert.match(stderr, /could not be written: there is no room left/);
  });
}

test('N27 a reader that goes away ends it as SIGPIPE would, without a word', async () => {
  const { status, stderr } = await run(['whoami'], 'closed');
  assert.deepEqual({ status, stderr }, { status: 141, stderr: '' });
});

test('N27 messages written into a pipe whose reader has gone come again', async () => {
  for (const text of ['one', 'two', 'three']) await ada.does(['send', 'ben', text, '--wait', 'stored']);
  const words = ['listen', '--json', '--password-file', ben.passwordFile];
  // `read` takes no more out of a pipe than its line: the next two stand in it when it is closed.
  const reader = 'while read -r line; do case "$line" in *\'"one"\'*) break;; esac; done; echo gone';
  const shell = spawn('sh', ['-c', `"$0" "$@" | { ${reader}; }`, process.execPath, bin, ...words], {
    ...{ stdio: ['ignore', 'pipe', 'ignore'], env: environment(ben.home) },
  });
  const ended = once(shell, 'close');
  await once(shell.stdout!, 'data');
  // The next line ends it.
  await ada.does(['send', 'ben', 'four']);
  await ended;
  const again = await ben.listen();
  await again.event(isMessage('four'));
  const said = again.events.flatMap(({ event, text }) => (event === 'message' ? [text] : []));
  assert.deepEqual(said.slice(-3), ['two', 'three', 'four']);
  await again.kill();
});
