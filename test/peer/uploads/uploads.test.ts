import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import type { UploadEvent } from '../../../src/peer/api/events.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());
let owner = await town.owner();

const file = (name: string, content: Uint8Array): string => {
  const path = join(town.home('owner'), name);
  writeFileSync(path, content);
  return path;
};

const told = (watched: ReturnType<typeof watch>, state: UploadEvent['state'], name: string): Promise<UploadEvent> =>
  event(watched, 'upload', (one) => one.state === state && one.name === name);

test('a file for a group: who was away gets it later, newcomers of a shared room too, others nothing', async () => {
  const [ben, cat] = [await town.settle('ben'), await town.settle('cat')];
  for (const peer of [owner, ben]) await peer.groups.join('lobby');
  await ben.close();
  const content = randomBytes(700_001);
  const [atOwner, atCat] = [watch(owner), watch(cat)];
  const begun = await owner.uploads.send('#lobby', file('plan.pdf', content));
  assert.deepEqual([begun.state, begun.group, begun.type], ['uploading', '#lobby', 'application/pdf']);
  const stored = await owner.uploads.finished(begun.id);
  assert.deepEqual([stored.state, stored.bytes], ['stored', 700_001]);
  const progress = atOwner.seen.filter((event): event is UploadEvent => event.event === 'upload');
  assert.equal(progress.at(-1)?.state, 'stored');
  await assert.rejects(cat.uploads.download(begun.id.slice(0, 8)), { code: 'upload-unknown' });
  await assert.rejects(cat.uploads.list('lobby'), { code: 'group-not-joined' });

  const back = await town.open('ben');
  const atBen = watch(back);
  await back.replayUnseen();
  const line = await event(atBen, 'message', (one) => one.upload !== undefined);
  assert.deepEqual(line.upload, { id: begun.id, name: 'plan.pdf', size: 700_001, type: 'application/pdf' });
  assert.match(line.text, /plan\.pdf .*\/download [0-9a-f]{8}/);
  await back.uploads.download(begun.id.slice(0, 6));
  const fetched = await back.uploads.finished(begun.id);
  assert.equal(fetched.path, join(town.home('ben'), 'downloads', 'plan.pdf'));
  assert.deepEqual(readFileSync(fetched.path!), content);
  await back.uploads.download(begun.id);
  const again = await back.uploads.finished(begun.id);
  assert.equal(basename(again.path!), 'plan (2).pdf', 'nothing is written over');
  assert.deepEqual(readdirSync(join(town.home('ben'), 'downloads')).sort(), ['plan (2).pdf', 'plan.pdf']);

  await cat.groups.join('lobby');
  await event(atCat, 'message', (one) => one.upload !== undefined);
  assert.equal((await cat.uploads.list('lobby'))[0]?.state, 'stored');
  await cat.uploads.download(begun.id);
  assert.deepEqual(readFileSync((await cat.uploads.finished(begun.id)).path!), content);

  await assert.rejects(back.uploads.remove(begun.id), { code: 'upload-of-others', reason: 'denied' });
  await owner.uploads.remove(begun.id);
  await assert.rejects(
    back.uploads.download(begun.id).then(({ id }) => back.uploads.finished(id)),
    {
      code: 'upload-gone',
    },
  );
  assert.deepEqual(
    (await back.uploads.list()).map(({ state }) => state),
    ['expired'],
  );
  await Promise.all([back.close(), cat.close()]);
});

test('an upload goes on after the directory was away and after the program ended; a file that changed is refused', async () => {
  await owner.groups.create('crew');
  const dan = await town.settle('dan');
  await owner.groups.add('crew', 'dan');
  const atDan = watch(dan);
  const content = randomBytes(3 << 20);
  const path = file('long.bin', content);
  const port = await town.stopDirectory();
  const begun = await owner.uploads.send('crew', path);
  assert.equal((await owner.uploads.list('crew'))[0]?.state, 'uploading');
  await owner.close();
  await town.startDirectory(port);
  owner = await town.open('owner');
  await told(atDan, 'stored', 'long.bin');
  await dan.uploads.download(begun.id);
  assert.deepEqual(readFileSync((await dan.uploads.finished(begun.id)).path!), content);
  const again = await town.stopDirectory();
  const late = await owner.uploads.send('crew', path);
  writeFileSync(path, 'something else');
  const atOwner = watch(owner);
  await town.startDirectory(again);
  assert.equal((await told(atOwner, 'failed', 'long.bin')).error?.code, 'source-changed');
  await assert.rejects(owner.uploads.finished(late.id), { code: 'upload-unknown' });
  await dan.close();
});

test('an empty file, none at all, and a download that is ended', async () => {
  const empty = await owner.uploads.send('lobby', file('empty', new Uint8Array(0)));
  assert.equal((await owner.uploads.finished(empty.id)).state, 'stored');
  await owner.uploads.download(empty.id);
  const { path } = await owner.uploads.finished(empty.id);
  assert.deepEqual(readFileSync(path!), Buffer.alloc(0));
  await assert.rejects(owner.uploads.send('lobby', '/nowhere/at/all'), { code: 'no-such-file', exit: 2 });
  await assert.rejects(owner.uploads.send('lobby', town.home('owner')), { code: 'not-a-file', exit: 2 });
  const begun = await owner.uploads.send('lobby', file('ended.bin', randomBytes(1 << 20)));
  await owner.uploads.finished(begun.id);
  const fetching = await owner.uploads.download(begun.id);
  const over = assert.rejects(owner.uploads.finished(fetching.id), { code: 'upload-cancelled', reason: 'transfer' });
  await owner.uploads.remove(fetching.id);
  await over;
  assert.ok(!existsSync(join(town.home('owner'), 'downloads', 'ended.bin')));
});
