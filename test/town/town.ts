import { randomBelow } from '../../src/base/random.js';
import { createCsr } from '../../src/crypto/csr.js';
import { signDevice } from '../../src/crypto/identity.js';
import { deviceIdOf, SigningKey } from '../../src/crypto/keys.js';
import { sealer } from '../../src/crypto/vault.js';
import { createSecrets, type Secrets } from '../../src/directory/authority/secrets.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { formatLink } from '../../src/wire/link.js';
import { foldName } from '../../src/wire/names.js';
import { seededRandom } from '../support/random.js';
import { DIRECTORY_HOST, DIRECTORY_PORT, DirectoryHost } from './directory-host.js';
import { Disk } from './disk.js';
import type { TownParts } from './parts.js';
import { type Installation, Resident } from './resident.js';
import { seedLibraries, VirtualTime } from './time.js';
import { Trace } from './trace.js';
import { Web, type WebSettings } from './web.js';

const CALM: WebSettings = { latency: 5, jitter: 0, loss: 0 };

/** A town at rest: what lies on all its disks at one moment. Every seed begins from a copy. */
interface Rest {
  readonly at: number;
  readonly secrets: Secrets;
  readonly directory: Disk;
  readonly installations: readonly Installation[];
}

export interface Plan {
  /** Devices, of each person so many. The first person owns the directory. */
  readonly people: Readonly<Record<string, number>>;
  /** What is done before the seeds begin. */
  prepare?(town: SimulatedTown): Promise<void>;
}

/** Makes the town of a seed. */
export type Make = (seed: string) => Promise<SimulatedTown>;

/**
 * Several peers and a directory in one process: whole programs, but for their sockets, disks, clocks and chance. Each of
 * these is the town's, so that a seed decides everything that happens and an hour passes in a moment.
 */
export class SimulatedTown implements TownParts {
  readonly seed: string;
  readonly time: VirtualTime;
  readonly trace = new Trace();
  readonly dice;
  readonly web: Web;
  readonly directory: DirectoryHost;
  readonly residents: readonly Resident[];
  #failure: unknown;

  private constructor(seed: string, rest: Rest) {
    this.seed = seed;
    seedLibraries(seed);
    this.time = new VirtualTime(rest.at);
    this.dice = seededRandom(`town ${seed}`);
    this.web = new Web(this.time, seededRandom(`web ${seed}`), this.trace, CALM);
    this.directory = new DirectoryHost(rest.directory, rest.secrets, this);
    this.residents = rest.installations.map((installation) => new Resident(installation, this));
  }

  /** @returns makes the town of a seed; everybody's programs run, and nothing has happened yet */
  static async planned({ people, prepare }: Plan): Promise<Make> {
    const first = await settled(people);
    const town = new SimulatedTown('planned', first);
    await town.#open();
    await prepare?.(town);
    await town.time.run(60_000);
    town.#assertWell();
    for (const program of [town.directory, ...town.residents]) program.kill();
    const rest = { ...first, at: town.time.monotonic() };
    return async (seed) => {
      const made = new SimulatedTown(seed, await copied(rest));
      await made.#open();
      return made;
    };
  }

  below(limit: number): number {
    return randomBelow(this.dice, limit);
  }

  any<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  find(name: string): Resident {
    return this.residents.find((one) => one.name === name)!;
  }

  tell(line: string): void {
    this.trace.tell(this.time.monotonic(), line);
  }

  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Time passes until it is so. @throws where it isn't within `limit` ms */
  async until(what: string, isSo: () => boolean, limit = 120_000): Promise<void> {
    const came = await this.time.until(() => this.#failure !== undefined || isSo(), limit);
    this.#assertWell();
    if (!came) throw new Error(`${what}: not within ${limit / 1000} s`);
  }

  /** So much time passes. */
  async pass(ms: number): Promise<void> {
    await this.time.run(ms);
    this.#assertWell();
  }

  /** Something that waits for answers, while time passes. */
  async done<T>(what: string, work: Promise<T>, limit?: number): Promise<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    work.then(
      (value) => {
        outcome = { value };
      },
      (error) => {
        outcome = { error };
      },
    );
    await this.until(what, () => outcome !== undefined, limit);
    if ('error' in outcome!) throw outcome.error;
    return outcome!.value;
  }

  /** The network is whole, and everybody's program runs. */
  async mend(): Promise<void> {
    this.web.part([]);
    this.web.settings = CALM;
    this.directory.killAt = undefined;
    for (const resident of this.residents) resident.killAt = undefined;
    await this.#open();
  }

  /** Nothing of it goes on. */
  close(): void {
    for (const program of [this.directory, ...this.residents]) program.kill();
  }

  async #open(): Promise<void> {
    if (!this.directory.alive) await this.done('the directory starts', this.directory.start());
    for (const resident of this.residents) if (!resident.alive) resident.start();
    await this.until('all have started', () =>
      this.residents.every(({ peer }) => peer !== undefined && peer.directoryState === 'online'),
    );
  }

  #assertWell(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

async function copied(rest: Rest): Promise<Rest> {
  const directory = await rest.directory.copy();
  const installations = await Promise.all(
    rest.installations.map(async (one) => ({ ...one, disk: await one.disk.copy() })),
  );
  return { ...rest, directory, installations };
}

/** Accounts and devices as registration leaves them; the password's part in it is another test's. */
async function settled(people: Readonly<Record<string, number>>): Promise<Rest> {
  const random = seededRandom('settled');
  const secrets = await createSecrets(new VirtualTime().now(), random);
  const rest: Rest = { at: 0, secrets, directory: new Disk(), installations: [] };
  const founding = new SimulatedFounding(rest);
  const installations: Installation[] = [];
  for (const [user, devices] of Object.entries(people)) installations.push(...(await founding.settle(user, devices)));
  const at = founding.close();
  return { ...rest, at, installations };
}

class SimulatedFounding {
  readonly #random = seededRandom('founding');
  readonly #time = new VirtualTime();
  readonly #host: DirectoryHost;
  #hosts = 1;

  constructor({ directory, secrets }: Rest) {
    const time = this.#time;
    const trace = new Trace();
    const web = new Web(time, this.#random, trace, CALM);
    const fail = (error: unknown): void => {
      throw error;
    };
    this.#host = new DirectoryHost(directory, secrets, {
      ...{ time, trace, web, seed: 'founding', dice: this.#random, tell() {}, fail },
    });
  }

  async settle(user: string, devices: number): Promise<Installation[]> {
    const all: Installation[] = [];
    await this.#while(async () => {
      if (!this.#host.alive) await this.#host.start();
      const { core } = this.#host;
      const identity = SigningKey.generate(this.#random);
      const [record, backup] = [this.#random.bytes(192), this.#random.bytes(80)];
      await core.accounts.create({ user, record, identityKey: identity.publicKey, backup });
      await core.ownership.claim(foldName(user));
      for (let at = 1; at <= devices; at++) {
        all.push(await this.#install(at === 1 ? user : `${user}.${at}`, user, identity));
      }
    });
    return all;
  }

  /** @returns when it was */
  close(): number {
    this.#host.kill();
    return this.#time.monotonic();
  }

  async #install(name: string, user: string, identity: SigningKey): Promise<Installation> {
    const { core } = this.#host;
    const account = { directoryId: core.authority.trust.directoryId, folded: foldName(user) };
    const deviceKey = SigningKey.generate(this.#random);
    const statement = signDevice(identity, account, deviceKey.publicKey);
    const csr = createCsr(deviceKey, { user, identityKey: identity.publicKey, statement });
    const certificate = await core.devices.enrol(await core.accounts.need(user), csr, name);
    const key = this.#random.bytes(32);
    const disk = new Disk();
    const tables = openTables(disk.memory, sealer(key, this.#random));
    const row = {
      ...{ deviceSeed: deviceKey.seed(), identitySeed: identity.seed(), certificate, crl: core.revocations.der },
      ...{ caCertificate: core.authority.certificate, role: (await core.accounts.need(user)).role, starts: 0 },
    };
    await disk.apply({ kind: 'write', steps: [tables.device.put(['self'], row)] });
    const fingerprint = core.authority.trust.directoryId;
    const directory = formatLink({ host: DIRECTORY_HOST, port: DIRECTORY_PORT, fingerprint });
    const device = deviceIdOf(deviceKey.publicKey);
    const none = new Uint8Array(0);
    const profile = { version: 1 as const, user, device, directory, vault: none, recovery: none };
    return { name, user, host: `10.0.0.${++this.#hosts}`, profile, key, disk };
  }

  async #while(work: () => Promise<void>): Promise<void> {
    let over = false;
    const running = work().finally(() => {
      over = true;
    });
    await this.#time.until(() => over, 600_000);
    await running;
  }
}
