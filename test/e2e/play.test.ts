import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Said } from '../support/processes.js';
import { Stage } from '../support/stage.js';

const has = (program: string): boolean => spawnSync(program, ['-version'], { stdio: 'ignore' }).error === undefined;
const lacks = ['ffmpeg', 'mpv'].filter((program) => !has(program));
const skip = lacks.length > 0 && `needs ${lacks.join(' and ')}`;

const stage = await new Stage().open();
after(() => stage.close());
const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);

/** Noise, so that it is large; its index stands at the end, where ffmpeg puts it. */
function film(): string {
  const path = join(stage.workshop.folder, 'film.mp4');
  const noise = ['-f', 'lavfi', '-i', 'nullsrc=s=640x360:r=25,geq=random(1)*255:128:128'];
  const coding = ['-t', '4', '-c:v', 'mpeg4', '-q:v', '2', '-g', '25'];
  const { status, stderr } = spawnSync('ffmpeg', ['-y', '-loglevel', 'error', ...noise, ...coding, path]);
  assert.equal(status, 0, String(stderr));
  const bytes = readFileSync(path);
  assert.ok(bytes.indexOf('moov') > bytes.indexOf('mdat'), 'the index stands before the film');
  return path;
}

const transfer =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.state === state;

test('a film whose index is at its end plays while it arrives: what the player asks for comes first', {
  skip,
}, async () => {
  const path = film();
  const { size } = statSync(path);
  const to = join(stage.workshop.folder, 'films');
  const receiving = await bert.listen('--accept', 'all', '--to', to);
  // In the time of the test a small part of it arrives.
  const sending = anna.start(['video', 'bert', path, '--rate', String(Math.round(size / 40))]);
  const { id, video } = await receiving.event(transfer('running'));
  assert.equal(video, true);
  const playing = await bert.through(['play', String(id).slice(0, 8), '--player', 'none']);
  assert.equal(playing.status, 0);
  const url = String(playing.events[0]?.url);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{20,}\/film\.mp4$/);
  const end = await fetch(url, { headers: { range: `bytes=${size - 1_000}-` } });
  assert.equal(end.status, 206);
  assert.ok(Buffer.from(await end.arrayBuffer()).equals(readFileSync(path).subarray(size - 1_000)));
  assert.equal((await fetch(`${url}x`)).status, 404);
  const mpv = 'mpv --no-config --vo=null --ao=null --frames=5 --cache=no';
  const played = await bert.through(['play', String(id), '--player', mpv]);
  assert.deepEqual([played.status, played.events[0]?.url], [0, url], played.stdout);
  const list = await bert.through(['transfers']);
  assert.equal(list.events[0]?.state, 'running', 'all of it had come already');
  assert.ok(Number(list.events[0]?.bytes) < size / 2);
  await bert.through(['transfers', 'cancel', String(id)]);
  assert.equal((await sending.ended).status, 9);
  await receiving.kill();
});
