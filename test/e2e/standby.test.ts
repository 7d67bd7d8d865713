import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NatsServers, withoutNats } from '../support/nats.js';
import { PASSWORD, Stage } from '../support/stage.js';

const ready = ({ event }: { event?: string }): boolean => event === 'ready';
const fingerprint = (link: unknown): string => String(link).split('#')[1]!;

test('O1 a directory in NATS is served by one process; another takes over, with all that was acknowledged', {
  skip: withoutNats,
}, async (t) => {
  const nats = await NatsServers.start(3);
  t.after(() => nats.stop());
  const stage = new Stage();
  t.after(() => stage.close());
  const key = stage.workshop.file('a key file that is long enough to be one\n');
  const store = ['--store', `nats://${nats.addresses.join(',')}`, '--key-file', key];
  const home = (name: string): string => {
    const folder = join(stage.workshop.folder, name);
    mkdirSync(folder);
    return folder;
  };
  const node = (name: string) =>
    stage.workshop.start(
      [
        'directory',
        'start',
        '--data',
        join(stage.workshop.folder, name),
        '--listen',
        '127.0.0.1:0',
        '--json',
        ...store,
      ],
      { home: home(`${name}-home`) },
    );

  const first = node('first');
  const served = await first.event(ready);
  stage.link = String(served.link);
  const ann = stage.newcomer('ann');
  assert.equal((await stage.register(ann, '--invite', String(served.ownerInvite))).status, 0);

  const second = node('second');
  const other = stage.workshop.file('another key file that is long enough too\n');
  const stranger = await stage.workshop.run(
    ['directory', 'start', '--data', join(stage.workshop.folder, 'third'), '--json', ...store.slice(0, 3), other],
    { home: home('third-home') },
  );
  assert.equal(stranger.status, 3, 'who has another key does not even stand by');
  assert.deepEqual(second.events, [], 'one serves, and the other stands by');

  await first.kill('SIGKILL');
  const over = await second.event(ready);
  assert.equal(fingerprint(over.link), fingerprint(served.link), 'it is the same directory');
  assert.equal(over.ownerInvite, undefined, 'its owner is known');
  stage.link = String(over.link);
  const again = await stage.workshop.run(
    ['login', 'ann', '--plain', '--json', '--directory', stage.link, '--password-file', stage.workshop.file(PASSWORD)],
    { home: home('ann-again') },
  );
  assert.equal(again.status, 0, JSON.stringify(again.events));
  const third = node('fourth');
  await second.kill('SIGTERM');
  await third.event(ready);
});
