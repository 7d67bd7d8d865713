import { client as opaque, ready } from '@serenity-kit/opaque';
import { base64url, fromBase64url } from '../src/base/bytes.js';
import { systemRandom } from '../src/base/random.js';
import { SigningKey } from '../src/crypto/keys.js';
import { opaqueIdentifiers } from '../src/crypto/opaque.js';
import { parseLink } from '../src/wire/link.js';
import { type DeviceClient, type EnrolClient, openEnrol, signIn } from '../test/support/directory-client.js';
import type { MadeDevice } from './support/directory-process.js';
import { type RemoteDirectory, tlsOf, type Used, withDirectory } from './support/remote-directory.js';
import { medianOf, type Report } from './support/report.js';

const RUNS = 3;
const LOGINS = 600;
const DEVICES = 5_000;
const IDLE_SECONDS = 10;
const WRITES = 12_000;
const SEALED = new Uint8Array(300).fill(7);

/** The password's stretching, which is the client's work, made nearly free: the directory's part is what is measured. */
const CHEAP = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } } as const;

/** The directory in a process of its own; clients in this one, on the same two cores, over TLS on loopback. */
export default async function benchDirectory(report: Report): Promise<void> {
  await ready;
  await withDirectory((directory) => benchLogins(report, directory));
  await withDirectory((directory) => benchMailboxes(report, directory));
  let devices: MadeDevice[] = [];
  await withDirectory(
    async (directory) => {
      devices = await directory.ask('make', DEVICES);
    },
    (directory) => benchIdle(report, directory, devices),
  );
}

// --- Logins ---

async function benchLogins(report: Report, directory: RemoteDirectory): Promise<void> {
  const people = await Promise.all(Array.from({ length: 8 }, (_, index) => registerCheaply(directory.link, index)));
  let cpu = 0;
  const rate = await medianOf(RUNS, async () => {
    const before = await directory.ask<Used>('used');
    const started = performance.now();
    let left = LOGINS;
    await Promise.all(
      people.map(async (person) => {
        while (left-- > 0) await loginCheaply(person);
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    cpu = ((await directory.ask<Used>('used')).cpuSeconds - before.cpuSeconds) / LOGINS;
    return LOGINS / seconds;
  });
  report.add({ name: 'logins, OPAQUE, 8 channels', value: rate, unit: '/s', note: 'clients on the same cores' });
  report.add({
    name: "logins, by the directory's CPU time",
    value: 1 / cpu,
    unit: '/s',
    note: `${(cpu * 1000).toFixed(2)} ms each`,
  });
  await benchEvenness(report, people[0]!);
  for (const { channel } of people) await channel.close();
}

interface Person {
  readonly channel: EnrolClient;
  readonly user: string;
  readonly link: string;
}

const identifiersOf = ({ link, user }: Pick<Person, 'link' | 'user'>) =>
  opaqueIdentifiers({ directoryId: parseLink(link).fingerprint, folded: user });

async function registerCheaply(link: string, index: number): Promise<Person> {
  const person = { channel: await openEnrol(link), user: `user${index}`, link };
  const { channel, user } = person;
  const { clientRegistrationState, registrationRequest } = opaque.startRegistration({ password: 'password' });
  const { response } = await channel.request('register.start', { user, request: fromBase64url(registrationRequest) });
  const { registrationRecord } = opaque.finishRegistration({
    ...{ clientRegistrationState, password: 'password', keyStretching: CHEAP, identifiers: identifiersOf(person) },
    registrationResponse: base64url(response),
  });
  const identityKey = SigningKey.generate(systemRandom).publicKey;
  const record = fromBase64url(registrationRecord);
  await channel.request('register.finish', { user, record, identityKey, backup: new Uint8Array(64) });
  return person;
}

async function loginCheaply(person: Person): Promise<void> {
  const { channel, user } = person;
  const { clientLoginState, startLoginRequest } = opaque.startLogin({ password: 'password' });
  const { login, response } = await channel.request('login.start', { user, request: fromBase64url(startLoginRequest) });
  const finished = opaque.finishLogin({
    ...{ clientLoginState, password: 'password', keyStretching: CHEAP, identifiers: identifiersOf(person) },
    loginResponse: base64url(response),
  });
  await channel.request('login.finish', { login, finish: fromBase64url(finished!.finishLoginRequest) });
}

/** A1: known and unknown names in turn, each followed by a login that ends well, so that nothing is blocked. */
async function benchEvenness(report: Report, person: Person): Promise<void> {
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const { startLoginRequest } = opaque.startLogin({ password: 'guess' });
  const request = fromBase64url(startLoginRequest);
  for (let round = 0; round < 600; round++) {
    for (const kind of ['known', 'unknown'] as const) {
      const user = kind === 'known' ? person.user : `nobody${round}`;
      const started = performance.now();
      await person.channel.request('login.start', { user, request });
      times[kind].push(performance.now() - started);
      if (kind === 'known') await loginCheaply(person);
    }
    if (round % 50 === 0) for (let again = 0; again < 20; again++) await loginCheaply(person);
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  report.add({
    name: 'login.start, median, known against unknown names',
    value: (Math.abs(known - unknown) / known) * 100,
    unit: '%',
    note: `${known.toFixed(3)} and ${unknown.toFixed(3)} ms`,
  });
}

// --- Mailboxes ---

async function benchMailboxes(report: Report, directory: RemoteDirectory): Promise<void> {
  const devices = await directory.ask<MadeDevice[]>('make', 32);
  const clients = await Promise.all(devices.map((device) => signIn(directory.link, tlsOf(device))));
  let latencies: number[] = [];
  const rate = await medianOf(RUNS, async () => {
    latencies = [];
    const started = performance.now();
    let left = WRITES;
    const writers = clients.flatMap((client, index) => {
      const { user, device } = devices[(index + 1) % devices.length]!;
      return Array.from({ length: 4 }, async () => {
        while (left-- > 0) {
          const from = performance.now();
          await client.request('mailbox.put', {
            parcels: [{ user, device, id: systemRandom.bytes(16), sealed: SEALED }],
          });
          latencies.push(performance.now() - from);
        }
      });
    });
    await Promise.all(writers);
    const elapsed = (performance.now() - started) / 1000;
    await Promise.all(clients.map(acknowledge));
    return WRITES / elapsed;
  });
  report.add({
    name: 'mailbox writes, durable, 32 devices with 4 at a time',
    value: rate,
    unit: '/s',
    note: 'pushed to the receivers too',
  });
  report.add({
    name: 'mailbox writes, p50 / p90 / p99',
    value: percentile(latencies, 0.9),
    unit: 'ms',
    note: `${percentile(latencies, 0.5).toFixed(1)} / ${percentile(latencies, 0.9).toFixed(1)} / ${percentile(latencies, 0.99).toFixed(1)}`,
  });
  await Promise.all(clients.map((client) => client.close()));
}

async function acknowledge(client: DeviceClient): Promise<void> {
  client.notices.all.length = 0;
  await client.request('mailbox.ack', { through: Number.MAX_SAFE_INTEGER });
}

// --- Idle devices ---

async function benchIdle(report: Report, directory: RemoteDirectory, devices: readonly MadeDevice[]): Promise<void> {
  const before = await directory.ask<Used>('used');
  const started = performance.now();
  const clients: DeviceClient[] = [];
  for (let at = 0; at < DEVICES; at += 100) {
    clients.push(
      ...(await Promise.all(devices.slice(at, at + 100).map((device) => signIn(directory.link, tlsOf(device))))),
    );
  }
  report.add({
    name: 'devices signing in, 100 at a time',
    value: DEVICES / ((performance.now() - started) / 1000),
    unit: '/s',
    note: 'TLS on both sides, hello',
  });
  const quiet = await directory.ask<Used>('used');
  // As peers do: a sign of life each second.
  for (let second = 0; second < IDLE_SECONDS; second++) {
    const tick = performance.now();
    for (const [index, client] of clients.entries()) {
      client.session.ping();
      if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 9));
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - (performance.now() - tick))));
  }
  const after = await directory.ask<Used>('used');
  report.add({
    name: `${DEVICES} devices signed in and idle, memory`,
    value: after.rss / 1e6,
    unit: 'MB',
    note: `${(before.rss / 1e6).toFixed(0)} MB before`,
  });
  report.add({ name: 'dropped of them', value: DEVICES - after.devices, unit: '' });
  report.add({
    name: 'CPU while they are idle, of one core',
    value: ((after.cpuSeconds - quiet.cpuSeconds) / IDLE_SECONDS) * 100,
    unit: '%',
  });
  await Promise.all(clients.map((client) => client.close()));
}

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;

const median = (values: readonly number[]): number => percentile(values, 0.5);
