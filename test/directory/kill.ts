import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hex, utf8 } from '../../src/base/bytes.js';
import { randomBelow, systemRandom } from '../../src/base/random.js';
import { afterwards, temporaryFolder } from '../support/directory.js';
import { type DeviceClient, register, signIn, type TestPeer } from '../support/directory-client.js';
import { seededRandom } from '../support/random.js';

const script = fileURLToPath(new URL('./children/serve.js', import.meta.url));

async function serve(t: TestContext, data: string): Promise<{ child: ChildProcess; link: string }> {
  const child = spawn(process.execPath, [script, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(t, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [link] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, link };
}

/** Puts one message after the other until the directory is gone. @returns ids of those that were acknowledged */
async function putUntilGone(client: DeviceClient, to: TestPeer): Promise<string[]> {
  const acknowledged: string[] = [];
  const writer = async (): Promise<void> => {
    for (;;) {
      const id = systemRandom.bytes(16);
      try {
        await client.request('mailbox.put', {
          parcels: [{ user: to.user, device: to.device, id, sealed: utf8('sealed') }],
        });
        acknowledged.push(hex(id));
      } catch {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, writer));
  return acknowledged;
}

/** Everything in the mailbox, which is empty then. */
async function takeAll(client: DeviceClient): Promise<string[]> {
  const found: string[] = [];
  let after = 0;
  for (let more = true; more; ) {
    const page = await client.request('mailbox.read', { after, limit: 64 });
    found.push(...page.entries.map(({ id }) => hex(id)));
    after = page.entries.at(-1)?.position ?? after;
    more = page.more;
  }
  await client.request('mailbox.ack', { through: after });
  return found;
}

/** S1: kills the directory while it takes messages, so many times; nothing acknowledged may be lost or stored twice. */
export async function killWhileTaking(t: TestContext, rounds: number, seed: number): Promise<number> {
  const data = await temporaryFolder(t);
  const random = seededRandom(seed);
  let total = 0;
  let { child, link } = await serve(t, data);
  const alice = await register(link, 'alice');
  for (let round = 0; round < rounds; round++) {
    const client = await signIn(link, alice);
    const putting = putUntilGone(client, alice);
    const { position: first } = await client.notices.next('mailbox');
    const last = first + randomBelow(random, 300);
    await client.notices.next('mailbox', ({ position }) => position >= last);
    child.kill('SIGKILL');
    const acknowledged = await putting;
    await once(child, 'exit');
    ({ child, link } = await serve(t, data));
    const reader = await signIn(link, alice);
    const found = await takeAll(reader);
    await reader.close();
    assert.equal(new Set(found).size, found.length);
    for (const id of acknowledged) assert.ok(found.includes(id), `seed ${seed}: an acknowledged message is gone`);
    total += acknowledged.length;
  }
  return total;
}
