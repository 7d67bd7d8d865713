import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { Scope } from '../../src/base/scope.js';
import { connectControl } from '../../src/control/client.js';
import { controlPath } from '../../src/control/path.js';
import { serveControl } from '../../src/control/server.js';
import { afterwards } from '../support/directory.js';

function folder(t: TestContext, ...parts: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'p2pchat-place-'));
  afterwards(t, () => rmSync(root, { recursive: true }));
  const inside = join(root, ...parts);
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  return inside;
}

/** Somebody who listens where a program of ours would. */
async function squat(t: TestContext, path: string, mode: number) {
  const heard: string[] = [];
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.on('data', (data) => heard.push(String(data)));
  });
  afterwards(t, () => server.close());
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, mode);
  return { heard, calls: () => calls };
}

const OTHER = 54_321;
const asRoot = process.getuid?.() === 0;

interface Squatted {
  readonly folderMode?: number;
  readonly socketMode?: number;
  readonly folderOwner?: number;
  readonly socketOwner?: number;
  readonly code: Code;
}

const SQUATTED: Readonly<Record<string, Squatted>> = {
  'a folder everybody may change': { folderMode: 0o777, code: 'control-folder' },
  'a folder the group may change': { folderMode: 0o770, code: 'control-folder' },
  'a folder like /tmp': { folderMode: 0o1777, code: 'control-folder' },
  'a socket everybody may use': { socketMode: 0o666, code: 'control-socket' },
  // Only the administrator may give files away, so only such a run tries these.
  ...(asRoot && {
    "another user's folder": { folderOwner: OTHER, code: 'control-folder' },
    "another user's socket": { socketOwner: OTHER, code: 'control-socket' },
  }),
};

for (const [what, { folderMode = 0o700, socketMode = 0o600, folderOwner, socketOwner, code }] of Object.entries(
  SQUATTED,
)) {
  test(`N11 nothing is said to whoever listens in ${what}`, async (t) => {
    const path = await controlPath(folder(t), {});
    const { heard, calls } = await squat(t, path, socketMode);
    chmodSync(dirname(path), folderMode);
    if (folderOwner !== undefined) chownSync(dirname(path), folderOwner, folderOwner);
    if (socketOwner !== undefined) chownSync(path, socketOwner, socketOwner);
    await assert.rejects(connectControl(path), (error) => hasCode(error, code));
    assert.deepEqual([calls(), heard], [0, []]);
    const scope = new Scope();
    afterwards(t, () => scope.close());
    if (code === 'control-folder') {
      await assert.rejects(serveControl(path, {}, scope), (error) => hasCode(error, code));
    }
  });
}

test('N11 the socket is in the folder itself, however long its path, and nothing is left when it closes', async (t) => {
  const home = folder(t, 'a'.repeat(100), 'b'.repeat(100), 'c'.repeat(100));
  const shared = folder(t);
  const path = await controlPath(home, { XDG_RUNTIME_DIR: shared });
  if (process.platform === 'linux') assert.equal(dirname(path), home);
  const scope = new Scope();
  await serveControl(path, { greet: async () => 'hello' }, scope);
  const client = await connectControl(path);
  assert.equal(await client?.call('greet', {}), 'hello');
  client?.close();
  await scope.close();
  assert.equal(existsSync(path), false);
  assert.equal(await connectControl(path), undefined);
});

test('where nobody serves, and where there is no folder, nobody is found', async (t) => {
  const home = folder(t);
  assert.equal(await connectControl(await controlPath(home, {})), undefined);
  assert.equal(await connectControl(await controlPath(join(home, 'none'), {})), undefined);
});
