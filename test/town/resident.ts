import { Scope } from '../../src/base/scope.js';
import { sealer } from '../../src/crypto/vault.js';
import type { ErrorEvent, PeerEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { startPeer } from '../../src/peer/session/compose.js';
import type { Profile } from '../../src/peer/storage/profile.js';
import { openTables, type Tables } from '../../src/peer/storage/tables.js';
import { type Disk, type KillAt, OpenDisk } from './disk.js';
import { Machine } from './machine.js';
import type { TownParts } from './parts.js';

export interface Installation {
  /** `ada`, `ada.2`: the person, and which device of theirs. */
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly profile: Profile;
  /** Of the vault. */
  readonly key: Uint8Array;
  readonly disk: Disk;
}

const PORT = 4_000;

/** A device of somebody in the town, through all its starts. */
export class Resident {
  readonly installation: Installation;
  readonly #parts: TownParts;
  #machine: Machine | undefined;
  #peer: PeerApi | undefined;
  #starts = 0;
  /** When the directory was reached and lost, by the wall clock, in turn. */
  readonly #turns: number[] = [];
  /** Where the program is killed: before or after so many more writes reach the disk. */
  killAt: KillAt | undefined;

  constructor(installation: Installation, parts: TownParts) {
    this.installation = installation;
    this.#parts = parts;
  }

  get name(): string {
    return this.installation.name;
  }

  get alive(): boolean {
    return this.#machine?.alive ?? false;
  }

  /** While it runs and has started. */
  get peer(): PeerApi | undefined {
    return this.alive ? this.#peer : undefined;
  }

  /** What is on its disk, for who looks from outside. */
  tables(): Tables {
    return openTables(this.installation.disk.memory, sealer(this.installation.key, this.#parts.dice));
  }

  start(): void {
    const { time, web, seed, dice, fail } = this.#parts;
    const { name, host, profile, key, disk } = this.installation;
    const machine = new Machine(host, time, `${seed} ${name} ${++this.#starts}`);
    this.#machine = machine;
    this.#peer = undefined;
    machine.whenKilled(() => this.#turn(false));
    const open = { home: `/nowhere/${name}`, password: '', listen: `${host}:${PORT}` };
    const starting = {
      ...{ profile, key, clock: machine, random: machine.random, scope: new Scope(), reasons: [], found: [] },
      openStore: async () => new OpenDisk(disk, machine, dice, (moment) => this.#atWrite(moment)),
      transport: web.transport(machine),
    };
    startPeer(open, starting).then((peer) => {
      if (!machine.alive) return;
      this.#peer = peer;
      this.#turn(peer.directoryState === 'online');
      peer.subscribe((event) => {
        if (machine.alive) this.#hear(event);
      });
      void peer.replayUnseen();
    }, fail);
  }

  /** Whether the directory was out of reach at that time. */
  wasOffline(at: number): boolean {
    return this.#turns.filter((turn) => turn <= at).length % 2 === 0;
  }

  /** As `kill -9` does: what is not on the disk is gone. */
  kill(): void {
    this.killAt = undefined;
    this.#machine?.kill();
  }

  /** As who closes it does. */
  async end(): Promise<void> {
    const machine = this.#machine;
    await this.peer?.close();
    machine?.kill();
  }

  #atWrite(moment: 'before' | 'after'): void {
    if (this.killAt === undefined || moment !== this.killAt.moment || --this.killAt.writes > 0) return;
    this.#parts.tell(`${this.name} dies ${moment} a write`);
    this.kill();
  }

  /** What people are told may be bad news, but never a fault of the program. */
  #judge(error: ErrorEvent): void {
    this.#parts.tell(`${this.name} is told: ${error.message}`);
    if (error.code === 'internal') this.#parts.fail(new Error(`${this.name} was told of a fault: ${error.message}`));
  }

  #turn(isOnline: boolean): void {
    if ((this.#turns.length % 2 === 1) !== isOnline) this.#turns.push(this.#parts.time.now());
  }

  #hear(event: PeerEvent): void {
    if (event.event === 'directory') this.#turn(event.state === 'online');
    if (event.event === 'error') this.#judge(event);
    this.#parts.trace.note(this.#parts.time.monotonic(), `${this.name} hears ${JSON.stringify(event)}`);
  }
}
