import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Namespace } from '../support/namespace.js';
import type { Said } from '../support/processes.js';
import { Stage } from '../support/stage.js';

const done = ({ event, state }: Said): boolean => event === 'transfer' && state === 'done';

test('where no datagram gets through, the files go over TCP within seconds, and the path says so', async (t) => {
  const namespace = Namespace.open(`p2p-${randomBytes(4).toString('hex')}`);
  if (namespace === undefined) return t.skip('needs Linux, root, ip and nft');
  t.after(() => namespace.close());
  namespace.blockUdp();
  const stage = new Stage();
  stage.workshop.within = namespace.prefix;
  t.after(() => stage.close());
  await stage.open();
  const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);
  const path = join(stage.workshop.folder, 'blocked.bin');
  writeFileSync(path, randomBytes(8_000_000));
  const to = join(stage.workshop.folder, 'to');
  const receiving = await bert.listen('--accept', 'all', '--to', to);
  const { status, events } = await anna.run(['file', 'bert', path, '--timeout', '20']);
  const last = events.at(-1);
  assert.deepEqual([status, last?.state, last?.path], [0, 'done', 'tcp']);
  assert.equal((await receiving.event(done)).path, 'tcp');
  assert.ok(readFileSync(join(to, 'blocked.bin')).equals(readFileSync(path)));
});
