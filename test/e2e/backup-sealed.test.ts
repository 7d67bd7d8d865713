import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { asBuffer, hex } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { identityOf } from '../../src/crypto/recovery.js';
import { openVault, sealer } from '../../src/crypto/vault.js';
import { BackupFile } from '../../src/peer/backup/read-file.js';
import { readProfile, storeFolder } from '../../src/peer/storage/profile.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { filesWith, found } from '../support/needles.js';
import { PASSWORD, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

/** Every secret of a device that must never be in two places, as its store has them. */
async function deviceSecrets({ home }: Person): Promise<Uint8Array[]> {
  const profile = (await readProfile(home))!;
  const { key } = await openVault(profile.vault, PASSWORD);
  const disk = await openLevelStore({ folder: storeFolder(home) });
  try {
    const tables = openTables(disk, sealer(key, systemRandom));
    const { deviceSeed, identitySeed } = (await tables.device.get('self'))!;
    const secrets = [key, deviceSeed, identitySeed];
    for await (const { private: secret } of tables.keyPackages.range([])) secrets.push(secret);
    // What is shorter has no key in it.
    for await (const { bytes } of tables.parts.range([])) if (bytes.length > 40) secrets.push(bytes);
    return secrets;
  } finally {
    await disk.close();
  }
}

test('X1 M9 nothing of what was said stands in a backup in clear, no key of the device is in it, and none is used twice', async () => {
  const [ann] = await Promise.all([stage.registered('ann'), stage.registered('bob')]);
  const shown = await ann.does(['recovery', 'show']);
  const phrase = String(shown.find(({ event }) => event === 'recovery')?.phrase);
  const file = join(stage.workshop.folder, 'sealed.backup');
  const text = 'needle-Zk3v9QpX7w';
  await ann.does(['send', 'bob', text]);
  await ann.does(['backup', file]);
  await ann.does(['send', 'bob', 'and more']);
  await ann.does(['backup', file]);
  assert.deepEqual(found([text, stage.link, phrase], readFileSync(file)), []);
  assert.deepEqual(filesWith([text], join(ann.home, 'store')), []);

  const backup = await BackupFile.need(file);
  const nonces = new Set<string>();
  const plain: Uint8Array[] = [];
  for await (const { sealed, plaintext } of backup.pieces(
    await backup.unlock({ kind: 'phrase', identity: identityOf(phrase) }),
  )) {
    assert.ok(!nonces.has(hex(sealed.subarray(0, 24))));
    nonces.add(hex(sealed.subarray(0, 24)));
    plain.push(plaintext);
  }
  const inside = Buffer.concat(plain);
  assert.ok(inside.includes(text));
  const secrets = await deviceSecrets(ann);
  assert.ok(secrets.length > 10);
  assert.ok(!secrets.some((secret) => inside.includes(asBuffer(secret))));

  const again = stage.newcomer('ann');
  await again.does(['restore', file, '--phrase-file', stage.workshop.file(`${phrase}\n`)]);
  await again.does(['send', 'bob', 'under keys of its own']);
  const others = new Set((await deviceSecrets(again)).map(hex));
  const shared = secrets.map(hex).filter((secret) => others.has(secret));
  // The identity is the account's, and the same on all its devices.
  assert.deepEqual(shared, [hex(identityOf(phrase).seed())]);
});
