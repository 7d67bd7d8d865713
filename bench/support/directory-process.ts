import { join } from 'node:path';
import { asBuffer } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { createCsr } from '../../src/crypto/csr.js';
import { signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { startDirectory } from '../../src/directory/directory.js';
import { openLog } from '../../src/directory/log/log.js';

/**
 * A directory on the data folder given, in a process of its own, as it runs for people: durable store, log to a file. Told by messages to make
 * accounts with a device each, and to say what it has used.
 */

export interface MadeDevice {
  readonly user: string;
  readonly device: string;
  readonly seed: string;
  readonly certificate: string;
}

const folder = process.argv[2]!;
const log = await openLog({ to: join(folder, 'directory.log') });
const directory = await startDirectory({
  data: folder,
  listen: { host: '127.0.0.1', port: 0 },
  log,
  limits: {
    strangers: 12_000,
    strangersPerAddress: 12_000,
    handshakesPerAddress: { burst: 12_000, perSecond: 12_000 },
    ...(process.env.P2PCHAT_BENCH_LIMITS !== 'people' && {
      messages: { burst: 1e9, perSecond: 1e9 },
      requests: { burst: 1e9, perSecond: 1e9 },
      accountWork: { burst: 1e9, perSecond: 1e9 },
    }),
    strangerWork: { burst: 1e9, perSecond: 1e9 },
    registrationsPerAddress: { burst: 1e9, perSecond: 1e9 },
    loginsPerAddress: { burst: 1e9, perSecond: 1e9 },
  },
});

async function makeDevice(user: string): Promise<MadeDevice> {
  const { accounts, devices, authority } = directory.site.core;
  const [identity, key] = [SigningKey.generate(systemRandom), SigningKey.generate(systemRandom)];
  const account = { user, record: new Uint8Array(192), identityKey: identity.publicKey, backup: new Uint8Array(64) };
  await accounts.create(account);
  const statement = signDevice(identity, { directoryId: authority.trust.directoryId, folded: user }, key.publicKey);
  const csr = createCsr(key, { user, identityKey: identity.publicKey, statement });
  const certificate = asBuffer(await devices.enrol(await accounts.need(user), csr, 'bench')).toString('base64url');
  const entry = (await devices.row(user)).devices[0]!;
  return { user, device: entry.device, seed: asBuffer(key.seed()).toString('base64url'), certificate };
}

const answers: Record<string, (argument: number) => unknown> = {
  make: async (count) => {
    const made: MadeDevice[] = [];
    for (let at = 0; at < count; at += 50) {
      const batch = Array.from({ length: Math.min(50, count - at) }, (_, index) => makeDevice(`user${at + index}`));
      made.push(...(await Promise.all(batch)));
    }
    return made;
  },
  used: () => {
    const { user, system } = process.cpuUsage();
    const { sessions } = directory.site.core;
    return { cpuSeconds: (user + system) / 1e6, rss: process.memoryUsage.rss(), devices: sessions.size };
  },
  end: async () => {
    await directory.close();
    await log.close();
    setImmediate(() => process.disconnect());
  },
};

process.on('message', async ({ ask, argument }: { ask: string; argument: number }) => {
  process.send!({ answer: await answers[ask]!(argument) });
});
process.send!({ answer: directory.link });
