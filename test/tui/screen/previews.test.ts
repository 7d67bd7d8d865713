import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { preview } from '../../../bin/preview.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import { ChatModel } from '../../../src/tui/model/model.js';
import { Previews } from '../../../src/tui/screen/previews.js';

const transfer = (more: Partial<TransferEvent>): TransferEvent => ({
  event: 'transfer',
  id: 'a1',
  direction: 'in',
  peer: 'bob',
  conversation: '@bob',
  files: [{ name: 'x.png', size: 1, path: '/in/x.png' }],
  state: 'done',
  bytes: 1,
  size: 1,
  rate: 0,
  ...more,
});

test('only what is here because the person took it is opened, one file after the other, each once', async () => {
  const model = new ChatModel('ann', 'online');
  const opened: string[] = [];
  let shown: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    shown = resolve;
  });
  const make = async (path: string) => {
    opened.push(path);
    return { width: 1, height: 1, pixels: new Uint8Array(3) };
  };
  const previews = new Previews(model, make, () => shown());
  const file = (path: string) => ({ files: [{ name: 'x', size: 1, path }] });
  for (const state of ['offered', 'accepted', 'running', 'paused', 'failed', 'declined'] as const)
    model.apply(transfer({ id: state, state }), 0);
  model.apply(transfer({ id: 'text', ...file('/in/notes.txt') }), 0);
  model.apply(transfer({ id: 'playlist', ...file('/in/list.m3u8') }), 0);
  model.apply(transfer({ id: 'own folder', direction: 'out', files: [{ name: 'x.png', size: 1 }] }), 0);
  previews.want(model.conversation('@bob'));
  model.apply(transfer({}), 0);
  for (let time = 0; time < 3; time++) previews.want(model.conversation('@bob'));
  await done;
  assert.deepEqual(opened, ['/in/x.png']);
  assert.equal(model.conversation('@bob').log.find('transfer-a1')?.picture?.width, 1);
});

test('what the person sends is shown to them as well', async () => {
  const model = new ChatModel('ann', 'online');
  let opened: (path: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    opened = resolve;
  });
  const previews = new Previews(
    model,
    async (path) => {
      opened(path);
      return undefined;
    },
    () => {},
  );
  model.apply(
    transfer({ direction: 'out', state: 'offered', files: [{ name: 'x.png', size: 1, path: '/mine/x.png' }] }),
    0,
  );
  previews.want(model.conversation('@bob'));
  assert.equal(await first, '/mine/x.png');
});

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

test('ffmpeg makes a small picture of a picture or film by what is in it; playlists, links and texts give none', {
  skip: ffmpeg ? false : 'ffmpeg is not installed',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-preview-'));
  const at = (name: string): string => join(folder, name);
  try {
    const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=64x32:rate=5:duration=1'];
    for (const name of ['a.mp4', 'b.jpg', 'c %03d.png'])
      spawnSync('ffmpeg', [...source, ...(name === 'a.mp4' ? [] : ['-frames:v', '1', '-update', '1']), at(name)]);
    writeFileSync(at('evil.mp4'), `#EXTM3U\n#EXTINF:1,\nfile://${at('a.mp4')}\n`);
    writeFileSync(at('text.png'), 'not a picture');
    symlinkSync(at('a.mp4'), at('link.mp4'));
    for (const name of ['a.mp4', 'b.jpg']) assert.deepEqual((await preview(at(name)))?.width, 48, name);
    for (const name of ['evil.mp4', 'text.png']) assert.equal(await preview(at(name)), undefined, name);
    await assert.rejects(preview(at('link.mp4')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
