import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PASSWORD, Stage } from '../support/stage.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const stage = await new Stage().open();
after(() => stage.close());

test('a chat under which another version was installed says so, and goes on with what it has', async () => {
  const ada = await stage.registered('ada');
  const installed = join(stage.workshop.folder, 'installed');
  for (const part of ['package.json', 'dist/bin', 'dist/program', 'dist/native']) {
    cpSync(join(root, part), join(installed, part), { recursive: true });
  }
  const words = ['login', '--plain', '--json', '--password-file', ada.passwordFile];
  const chat = stage.workshop.start(words, { home: ada.home, program: join(installed, 'dist/bin/p2pchat.js') });
  await chat.event(({ event }) => event === 'ready');
  rmSync(join(installed, 'dist/program'), { recursive: true });
  for (const line of ['/passwd', PASSWORD, `${PASSWORD} again`]) chat.type(line);
  const error = await chat.event(({ event }) => event === 'error');
  assert.equal(error.code, 'program-replaced');
  assert.match(String(error.hint), /[Ss]tart it again/);
  chat.type('/whoami');
  await chat.event(({ event }) => event === 'whoami');
  chat.end();
  assert.equal((await chat.ended).status, 0);
});
