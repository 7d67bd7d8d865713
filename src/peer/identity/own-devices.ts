import { type Clock, timestamp } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { DeviceCertificate } from '../../crypto/certificate.js';
import type { LocalStore } from '../../store/local.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import type { DeviceEvent } from '../api/events.js';
import { type DeviceChange, type OwnDevicesRow, UNLISTED, UNTOLD } from '../storage/own-devices-row.js';
import type { Tables } from '../storage/tables.js';
import { compare, type Listed } from './compare-devices.js';
import type { TrustAnchor } from './trust-anchor.js';

export interface OwnDevicesInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly anchor: TrustAnchor;
  /** This device. */
  readonly device: string;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  /** Whether anybody hears of events now. */
  isWatched(): boolean;
  /** @returns whether somebody has taken it */
  tell(event: DeviceEvent): Promise<boolean>;
  report(error: unknown): void;
}

/**
 * The devices of this account, so that none comes unnoticed. What the directory lists is compared with what was known
 * here; and a device that shows itself in a conversation is looked for in that list, because who has a certificate for
 * this account reads what is written to it. What nobody was there to hear is kept until somebody is.
 */
export class OwnDevices {
  readonly #init: OwnDevicesInit;
  #row: OwnDevicesRow | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Revoked from here: whoever did it knows. */
  readonly #quiet = new Set<string>();
  /** Certificates of devices that are not known, until the directory could be asked for them. */
  readonly #shown = new Map<string, DeviceCertificate>();
  /** Somebody wants to hear what was missed, and so what comes. */
  #heard = false;

  constructor(init: OwnDevicesInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    this.#row = await this.#init.tables.ownDevices.get('self');
  }

  /**
   * Resolves when what is new is known, or could not be found out now.
   * @param version the directory's, undefined where it is older than such versions
   */
  changed(version: number | undefined): Promise<void> {
    return this.#next(async () => {
      if (version === undefined || version !== this.#row?.version || this.#shown.size > 0) await this.#ask();
    }).catch(this.#init.report);
  }

  /** A device of this account has shown its certificate. */
  seen(certificate: DeviceCertificate): void {
    const { deviceId } = certificate;
    if (deviceId === this.#init.device || this.#knows(deviceId) || !this.#isGood(certificate)) return;
    this.#shown.set(deviceId, certificate);
    if (this.#init.isOnline()) this.#init.scope.run(() => this.#next(() => this.#ask()), this.#init.report);
  }

  /** What a device is called; '' where nobody has said so. */
  nameOf(device: string): string {
    return this.#row?.devices.find((one) => one.device === device)?.name ?? '';
  }

  /** Revokes a device by `work`, of which this device's person needn't be told. */
  async quietly(device: string, work: () => Promise<unknown>): Promise<void> {
    this.#quiet.add(device);
    try {
      await work();
      await this.#next(() => this.#ask()).catch(this.#init.report);
    } finally {
      this.#quiet.delete(device);
    }
  }

  /** Tells what nobody was told of, and from now on what comes. */
  tell(): Promise<void> {
    this.#heard = true;
    return this.#next(() => this.#tell());
  }

  #knows(device: string): boolean {
    return this.#shown.has(device) || (this.#row?.devices.some((one) => one.device === device) ?? false);
  }

  async #ask(): Promise<void> {
    const { request, device: own, clock } = this.#init;
    const listed = await request('devices.list', {});
    const row = compare(this.#row, listed, { own, quiet: this.#quiet, now: clock.now() });
    const hidden = [...this.#shown.values()].filter((one) => this.#isGood(one) && !isAccountedFor(one, listed));
    this.#shown.clear();
    await this.#save(withHidden(row, hidden, clock.now()));
    await this.#tell();
  }

  /** Old leaves of groups show certificates that have ended. */
  #isGood({ serial, notBefore, notAfter }: DeviceCertificate): boolean {
    const { anchor, clock } = this.#init;
    const now = clock.now();
    return !anchor.crl.isRevoked(serial) && notBefore <= now && now <= notAfter;
  }

  async #tell(): Promise<void> {
    const row = this.#row;
    if (row === undefined || row.untold.length === 0 || !this.#heard || !this.#init.isWatched()) return;
    const told = await Promise.all(row.untold.map((change) => this.#init.tell(eventOf(change))));
    if (told.includes(true)) await this.#save({ ...row, untold: row.untold.filter((_, at) => !told[at]) });
  }

  async #save(row: OwnDevicesRow): Promise<void> {
    await this.#init.disk.write([this.#init.tables.ownDevices.put(['self'], row)]);
    this.#row = row;
  }

  /** One after the other. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** Whether the list has the device, or tells that it left after it got this certificate: that it is revoked comes next. */
const isAccountedFor = ({ deviceId, notBefore }: DeviceCertificate, { devices, former = [] }: Listed): boolean =>
  devices.some(({ device }) => device === deviceId) ||
  former.some(({ device, endedAt }) => device === deviceId && notBefore <= endedAt);

/** Devices that take part, which the directory does not list. */
function withHidden(row: OwnDevicesRow, hidden: readonly DeviceCertificate[], now: number): OwnDevicesRow {
  const added = hidden.map(
    ({ deviceId }): DeviceChange => ({ state: 'added', device: deviceId, name: '', at: now, unlisted: true }),
  );
  const listed = row.devices.filter(({ addedAt }) => addedAt !== undefined);
  const others = row.devices.filter(({ addedAt }) => addedAt === undefined);
  const unlisted = [...others, ...added.map(({ device, name }) => ({ device, name }))].slice(-UNLISTED);
  return { ...row, devices: [...listed, ...unlisted], untold: [...row.untold, ...added].slice(-UNTOLD) };
}

const eventOf = ({ state, device: id, name, at, unlisted }: DeviceChange): DeviceEvent => ({
  event: 'account',
  change: 'device',
  state,
  device: { id, name },
  at: timestamp(at),
  ...(unlisted && { unlisted }),
});
