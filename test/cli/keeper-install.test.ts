import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Workshop } from '../support/processes.js';

const workshop = new Workshop();
after(() => workshop.close());

test('keeper install writes a service that systemd takes, which gets the password as a credential', async () => {
  const unit = join(workshop.folder, 'p2pchat-keeper.service');
  const words = [
    'keeper',
    'install',
    '--unit',
    unit,
    '--password-file',
    '/etc/secret',
    '--accept',
    'contacts',
    '--json',
  ];
  const { status, events, stdout, stderr } = await workshop.run(words, { home: workshop.folder });
  assert.equal(status, 0, stdout + stderr);
  assert.deepEqual([events[0]?.event, events[0]?.passwordFile], ['installed', '/etc/secret']);
  const text = readFileSync(unit, 'utf8');
  assert.match(text, /^LoadCredential=password:\/etc\/secret$/m);
  assert.match(
    text,
    /^ExecStart=.* "keeper" "--password-file" "\/run\/credentials\/p2pchat-keeper.service\/password"/m,
  );
  assert.match(text, /^StateDirectory=p2pchat-keeper$/m);
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  if (verified.error === undefined) assert.deepEqual([verified.status, verified.stderr], [0, '']);
});
