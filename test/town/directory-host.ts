import { silentLogger } from '../../src/base/log.js';
import { SigningKey } from '../../src/crypto/keys.js';
import type { Secrets } from '../../src/directory/authority/secrets.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { carryOut } from '../../src/directory/requests/ledger.js';
import { type Connection, openConnection } from '../../src/directory/server/connection.js';
import { FairQueue } from '../../src/directory/server/fair-queue.js';
import { openServices, type Services } from '../../src/directory/services.js';
import { DEFAULT_RELAY_LIMITS } from '../../src/relay/core/limits.js';
import { Relay } from '../../src/relay/core/relay.js';
import { answerEcho } from '../../src/wire/datagrams/echo.js';
import { TYPE } from '../../src/wire/datagrams/header.js';
import { type Disk, type KillAt, OpenDisk } from './disk.js';
import { Machine } from './machine.js';
import type { TownParts } from './parts.js';

export const DIRECTORY_HOST = '10.0.0.1';
export const DIRECTORY_PORT = 7_777;
const CHECK_EVERY_MS = 1_000;

/** The directory's program: its services and connections as they are, on a port of the town. */
export class DirectoryHost {
  readonly disk: Disk;
  readonly #parts: TownParts;
  readonly #secrets: Secrets;
  #machine: Machine | undefined;
  #core: Services | undefined;
  #starts = 0;
  /** Where the program is killed: before or after so many more writes reach the disk. */
  killAt: KillAt | undefined;

  constructor(disk: Disk, secrets: Secrets, parts: TownParts) {
    this.disk = disk;
    this.#secrets = secrets;
    this.#parts = parts;
  }

  get core(): Services {
    return this.#core!;
  }

  get alive(): boolean {
    return this.#machine?.alive ?? false;
  }

  async start(): Promise<void> {
    const { time, web, seed, dice } = this.#parts;
    const machine = new Machine(DIRECTORY_HOST, time, `${seed} directory ${++this.#starts}`);
    this.#machine = machine;
    const store = new OpenDisk(this.disk, machine, dice, (moment) => this.#atWrite(moment));
    const core = await openServices({
      ...{ store, secrets: this.#secrets, clock: machine, random: machine.random, log: silentLogger, carryOut },
      limits: DEFAULT_LIMITS,
      onBroken: (error) => this.#parts.fail(error),
    });
    this.#core = core;
    const key = SigningKey.generate(machine.random);
    const server = core.authority.issueServer({ publicKey: key.publicKey, now: machine.now(), random: machine.random });
    const shown = { raw: server, issuerCertificate: { raw: core.authority.certificate } };
    const turns = new FairQueue({ monotonic: () => machine.monotonic(), later: (run) => void machine.after(0, run) });
    const connections = new Set<Connection>();
    web.listen(machine, DIRECTORY_PORT, shown, (socket) => {
      const connection = openConnection({ core, socket, turns, onGreeted() {}, onServing() {} });
      connections.add(connection);
      void connection.done.then(() => connections.delete(connection));
    });
    web.relayHost = DIRECTORY_HOST;
    const relay = this.#relay(core, machine);
    const check = (): void => {
      relay.sweep();
      for (const { channel } of connections) channel.check(machine.monotonic());
      machine.after(CHECK_EVERY_MS, check);
    };
    check();
  }

  /** As it runs beside the directory, on a socket of the town. */
  #relay(core: Services, machine: Machine): { sweep(): void } {
    const endpoint = this.#parts.web.datagrams.open(machine, DIRECTORY_PORT);
    const key = SigningKey.fromSeed(core.authority.derive('p2pchat/1 relay'));
    const relay = new Relay({
      ...{ key, directoryId: core.authority.trust.directoryId, limits: DEFAULT_RELAY_LIMITS, random: machine.random },
      emit: (path, datagram) => endpoint.sendOne(path, datagram),
      wall: () => machine.now(),
    });
    const pass = (): void => {
      for (let next = relay.next(machine.monotonic()); next !== undefined; next = relay.next(machine.monotonic())) {
        const { bytes, length, segment } = next.piece;
        for (let at = 0; at < length; at += segment) {
          endpoint.sendOne(next.path, bytes.subarray(at, Math.min(length, at + segment)));
        }
        relay.release(next.piece);
      }
    };
    endpoint.onDatagrams = (bytes, view, at, length, path) => {
      const datagram = bytes.subarray(at, at + length);
      const [host = '', port] = path.key.split(' ');
      const echo = view.getUint8(at) === TYPE.echoRequest ? answerEcho(datagram, host, Number(port)) : undefined;
      if (echo !== undefined) endpoint.sendOne(path, echo);
      else relay.receive(bytes, view, at, length, path, machine.monotonic());
      pass();
    };
    core.relays.own = { key: key.publicKey, port: DIRECTORY_PORT };
    return {
      sweep: () => {
        relay.timeout(machine.monotonic());
        pass();
      },
    };
  }

  kill(): void {
    this.killAt = undefined;
    this.#machine?.kill();
  }

  #atWrite(moment: 'before' | 'after'): void {
    if (this.killAt === undefined || moment !== this.killAt.moment || --this.killAt.writes > 0) return;
    this.#parts.tell(`the directory dies ${moment} a write`);
    this.kill();
  }
}
