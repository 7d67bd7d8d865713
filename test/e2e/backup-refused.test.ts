import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { errorCode, type Person, Stage } from '../support/stage.js';

const NEXT = 'marble lantern orbit canyon';
const stage = new Stage();
let ann: Person;
let phrase: string;
const kept = (name: string): string => join(stage.workshop.folder, `${name}.backup`);

before(async () => {
  await stage.open();
  [ann] = await Promise.all([stage.registered('ann'), stage.registered('bob')]);
  phrase = await phraseOf(ann);
});
after(() => stage.close());

const phraseOf = async (person: Person): Promise<string> =>
  String((await person.does(['recovery', 'show'])).find(({ event }) => event === 'recovery')?.phrase);

const words = (of = phrase): string[] => ['--phrase-file', stage.workshop.file(`${of}\n`)];
const restored = (person: Person, file: string, of = phrase) => person.run(['restore', file, ...words(of)]);

test('a wrong phrase, another account, damage, a missing end and a taken place are told apart, and nothing is half done', async () => {
  const file = kept('refused');
  await ann.does(['send', 'bob', 'for the refusals']);
  await ann.does(['backup', file]);
  const eve = await stage.registered('eve');
  const other = await phraseOf(eve);
  const bytes = readFileSync(file);
  const damaged = kept('damaged');
  const refuses = async (person: Person, words: readonly string[], status: number, code: string): Promise<void> => {
    const refused = await person.run(words);
    assert.deepEqual([refused.status, errorCode(refused)], [status, code], `${words.join(' ')}: ${refused.stdout}`);
  };
  const nobody = stage.newcomer('ann');
  const tries = (path: string, of = phrase): string[] => ['restore', path, ...words(of)];
  await refuses(nobody, tries(file, other), 3, 'backup-locked');
  await refuses(nobody, tries(file, 'not a phrase'), 2, 'phrase-invalid');
  await refuses(nobody, tries(kept('absent')), 2, 'file-unreadable');
  await refuses(ann, ['backup', stage.workshop.folder], 2, 'file-unreadable');
  writeFileSync(damaged, 'something else entirely');
  await refuses(nobody, tries(damaged), 2, 'backup-invalid');
  for (const at of [bytes.length - 1, 300, 60]) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(damaged, changed);
    const refused = await nobody.run(tries(damaged));
    assert.match(String(errorCode(refused)), /^backup-(damaged|invalid|locked|truncated)$/);
  }
  for (const length of [bytes.length - 1, 200, 40]) {
    writeFileSync(damaged, bytes);
    truncateSync(damaged, length);
    await refuses(nobody, tries(damaged), 1, 'backup-truncated');
  }
  await refuses(ann, tries(file), 2, 'restore-taken');
  await refuses(eve, ['backup', file], 6, 'backup-other-account');
  await refuses(eve, ['import', file], 6, 'backup-other-account');
  await refuses(
    ann,
    ['backup', file, '--under', 'passphrase', '--passphrase-file', stage.workshop.file(NEXT)],
    2,
    'backup-other-secret',
  );
  await refuses(ann, ['backup', join(stage.workshop.folder, 'no', 'folder')], 2, 'backup-unwritable');
  assert.deepEqual(readFileSync(file), bytes);
  // A password that is not the account's: no profile, and a device of nobody.
  const wrong = stage.newcomer('ann', 'not the password at all');
  await refuses(wrong, tries(file), 3, 'wrong-credentials');
  for (const { home } of [nobody, wrong]) assert.deepEqual(readdirSync(home), []);
  assert.equal((await nobody.run(tries(file))).status, 0);
});

test('a restore that was killed between enrolling its device and placing it goes on as that device', async () => {
  const file = kept('placed');
  await ann.does(['send', 'bob', 'for the killed restore']);
  await ann.does(['backup', file]);
  const again = stage.newcomer('ann');
  assert.equal((await restored(again, file)).status, 0);
  const devices = await ann.does(['device', 'list']);
  const parts = ['store', 'profile.json'];
  const workshop = join(again.home, '.restoring');
  mkdirSync(workshop);
  for (const part of parts) renameSync(join(again.home, part), join(workshop, part));
  assert.equal(errorCode(await restored(again, file)), 'restore-taken');
  assert.ok(!existsSync(workshop));
  assert.deepEqual(
    (await again.does(['device', 'list'])).map(({ device }) => device),
    devices.map(({ device }) => device),
  );
});

test('with the phrase alone the account comes back with its history and a new password', async () => {
  const finn = await stage.registered('finn');
  const finns = await phraseOf(finn);
  await finn.does(['send', 'bob', 'kept for finn']);
  const file = kept('finn');
  await finn.does(['backup', file]);
  const again = stage.newcomer('finn', NEXT);
  await again.does(['restore', file, '--recover', ...words(finns)]);
  assert.deepEqual(
    (await again.does(['history', 'bob'])).map(({ text }) => text),
    ['kept for finn'],
  );
  await again.does(['send', 'bob', 'back again']);
});

test('S3 a disk that fills leaves the backup of before and no profile', {
  skip: process.getuid?.() !== 0 && 'needs to mount a tmpfs',
}, async (t) => {
  const small = join(stage.workshop.folder, 'small');
  mkdirSync(small);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', small]).status !== 0) {
    return t.skip('needs to mount a tmpfs');
  }
  try {
    const place = join(small, 'ann.backup');
    await ann.does(['backup', place]);
    const bytes = readFileSync(place);
    writeFileSync(join(small, 'hog'), new Uint8Array(Math.max(0, (60 << 10) - 2 * bytes.length)));
    for (let round = 0; round < 4; round++) await ann.does(['send', 'bob', 'x'.repeat(15_000)]);
    const refused = await ann.run(['backup', place]);
    assert.deepEqual([refused.status, errorCode(refused)], [1, 'disk-full'], refused.stdout);
    assert.deepEqual(readFileSync(place), bytes);
    assert.deepEqual(readdirSync(small).sort(), ['ann.backup', 'hog']);
    const full = stage.newcomer('ann');
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32k,mode=700', 'tmpfs', full.home]);
    try {
      const none = await restored(full, place);
      assert.notEqual(none.status, 0);
      assert.equal(errorCode(none), 'disk-full', none.stdout);
      assert.ok(!existsSync(join(full.home, 'profile.json')));
    } finally {
      spawnSync('umount', ['-l', full.home]);
    }
  } finally {
    spawnSync('umount', ['-l', small]);
  }
});
