import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeCbor } from '../../src/wire/cbor.js';
import { UNPROVED_HOST_BYTES } from '../../src/wire/limits.js';
import { Bystander } from '../support/bystander.js';
import type { Running, Said } from '../support/processes.js';
import { ScriptedDevice } from '../support/scripted-device.js';
import { type Person, Stage } from '../support/stage.js';

/** Whole programs, and an account that names addresses as no p2pchat would. */

const stage = await new Stage().open();
after(() => stage.close());
const [bob, carl] = await Promise.all([stage.registered('bob'), stage.registered('carl')]);
const to = join(stage.workshop.folder, 'to');
const manifest = encodeCbor({ files: [{ path: 'f.bin', size: 100_000 }], block: 65_536 });

const NO_ADDRESSES = ['1.2.3.4%5', 'a:b', '1.1.1.1.1.1', 'localhost'].map((host) => ({ host, port: 9 }));

const transferOf =
  (peer: string, state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.peer === peer && said.state === state;

const isLookedFor = ({ waiting }: Said): boolean =>
  ['peer-away', 'not-reachable', 'udp-blocked', 'nat-changes-ports'].includes(
    (waiting as Said | undefined)?.code as string,
  );

function file(name: string, bytes: number): string {
  const path = join(stage.workshop.folder, name);
  writeFileSync(path, randomBytes(bytes));
  return path;
}

const offer = (transfer: Uint8Array, candidates: readonly object[]) => ({
  ...{ type: 'offer', transfer, secret: randomBytes(32), manifest, video: false, sentAt: Date.now(), candidates },
});

/** An honest file arrives at bob's program, which goes on as if nothing had been. */
async function servesOthers(listening: Running, name: string, from: Person = carl): Promise<void> {
  const path = file(name, 300_000);
  const { status, stdout } = await from.run(['file', 'bob', path, '--timeout', '25']);
  assert.equal(status, 0, stdout);
  await listening.event((said) => transferOf('carl', 'done')(said) && JSON.stringify(said).includes(name));
  assert.ok(readFileSync(join(to, name)).equals(readFileSync(path)));
}

test('N1 offers, answers and calls with addresses that are none end no program, now or at its next start', async () => {
  let listening = await bob.listen('--accept', 'all', '--to', to);
  const mallory = await ScriptedDevice.open(stage.link, 'mallory');
  await mallory.begin('bob');
  const transfer = randomBytes(16);
  await mallory.say(offer(transfer, NO_ADDRESSES));
  await listening.event(transferOf('mallory', 'accepted'));
  await mallory.say({ type: 'candidates', transfer, candidates: NO_ADDRESSES });
  await bob.through(['file', 'mallory', file('to-mallory', 50_000), '--wait', 'offered']);
  const heard = await mallory.heard(({ type }) => type === 'offer');
  const made = heard.find(({ type }) => type === 'offer')!;
  await mallory.say({ type: 'answer', transfer: made.transfer, step: 'accept', candidates: NO_ADDRESSES });
  await listening.event((said) => transferOf('mallory', 'accepted')(said) && said.direction === 'out');
  await servesOthers(listening, 'afterwards.bin');
  await listening.kill();
  listening = await bob.listen('--accept', 'all', '--to', to);
  await servesOthers(listening, 'next-start.bin');
  assert.equal((await listening.kill()).signal, null);
  await mallory.close();
});

test('U1 N10 an acceptance that names bystanders has one allowance sent to each, and no more', async () => {
  const listening = await bob.listen('--accept', 'all', '--to', to);
  const [one, other] = [await Bystander.open('127.0.81.1'), await Bystander.open('127.0.82.1')];
  const mallory = await ScriptedDevice.open(stage.link, 'mallet');
  await mallory.begin('bob');
  const candidates = [one.address, other.address];
  for (let i = 0; i < 3; i++) {
    await bob.through(['file', 'mallet', file(`named-${i}`, 50_000), '--wait', 'offered']);
    const heard = await mallory.heard(({ type }) => type === 'offer');
    const made = heard.find(({ type }) => type === 'offer')!;
    await mallory.say({ type: 'answer', transfer: made.transfer, step: 'accept', candidates });
    await mallory.say({ type: 'answer', transfer: made.transfer, step: 'accept', candidates });
  }
  await Promise.all([one.has(9), other.has(9)]);
  // Nobody was found by datagrams or otherwise: some seconds, in each of which 115 kB came.
  await listening.event((said) => said.event === 'transfer' && said.peer === 'mallet' && isLookedFor(said));
  await servesOthers(listening, 'meanwhile.bin');
  for (const { bytes } of [one, other]) assert.ok(bytes <= UNPROVED_HOST_BYTES * 1.1, `${bytes} bytes`);
  await listening.kill();
  await Promise.all([one.close(), other.close(), mallory.close()]);
});
