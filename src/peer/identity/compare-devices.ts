import type { DirectoryMethods } from '../../wire/directory.js';
import type { Result } from '../../wire/rpc.js';
import { cleanLine } from '../../wire/text.js';
import { type DeviceChange, type KnownDevice, type OwnDevicesRow, UNTOLD } from '../storage/own-devices-row.js';

export type Listed = Result<DirectoryMethods, 'devices.list'>;

interface Stay {
  readonly device: string;
  readonly addedAt?: number | undefined;
}

/** A device that comes back after it was revoked stays a second time. */
const same = (one: Stay) => (other: Stay) => one.device === other.device && one.addedAt === other.addedAt;

/** Before there was anything to compare with: whatever was there when this device came is nothing new. */
function before(own: string, { devices, former = [] }: Listed): Pick<OwnDevicesRow, 'devices' | 'former'> {
  const since = devices.find(({ device }) => device === own)?.addedAt ?? Number.NEGATIVE_INFINITY;
  const old = <D extends { readonly addedAt: number }>(all: readonly D[]): D[] =>
    all.filter(({ addedAt }) => addedAt <= since);
  return { devices: old(devices).map(known), former: old(former).map(ended) };
}

const known = ({ device, label, addedAt }: Listed['devices'][number]): KnownDevice => ({
  device,
  name: cleanLine(label),
  addedAt,
});
const ended = ({ device, addedAt }: Stay & { addedAt: number }) => ({ device, addedAt });

/**
 * What has changed since the list that was compared last, in the order in which it happened. Of this very device nothing
 * is told, and nothing of those in `quiet`.
 */
export function compare(
  row: OwnDevicesRow | undefined,
  listed: Listed,
  { own, quiet, now }: { readonly own: string; readonly quiet: ReadonlySet<string>; readonly now: number },
): OwnDevicesRow {
  const { devices: had, former: gone } = row ?? before(own, listed);
  const here = listed.devices.map(known);
  const former = listed.former ?? [];
  const changes: DeviceChange[] = [];
  const add = (state: DeviceChange['state'], { device, name }: KnownDevice, at: number): void => {
    if (device !== own && !quiet.has(device)) changes.push({ state, device, name, at });
  };
  for (const one of former.filter((left) => !gone.some(same(left)))) {
    const stay = known({ ...one, lastSeen: 0, state: 'offline' });
    if (!had.some(same(one)) && !had.some(unlisted(one))) add('added', stay, one.addedAt);
    add('revoked', stay, one.endedAt);
  }
  for (const one of had) {
    // Nobody says when it left: a directory that remembers no more, or an older one.
    const left = one.addedAt !== undefined && !here.some(same(one)) && !former.some(same(one));
    if (left) add('revoked', one, now);
  }
  for (const one of here) if (!had.some(same(one)) && !had.some(unlisted(one))) add('added', one, one.addedAt ?? now);
  const stillUnlisted = had.filter(
    (one) => one.addedAt === undefined && ![...here, ...former].some(({ device }) => device === one.device),
  );
  changes.sort((a, b) => a.at - b.at);
  return {
    version: listed.version ?? 0,
    devices: [...here, ...stillUnlisted],
    former: former.map(ended),
    untold: [...(row?.untold ?? []), ...changes].slice(-UNTOLD),
  };
}

/** Was told of before the directory listed it. */
const unlisted = (one: Stay) => (other: KnownDevice) => other.addedAt === undefined && other.device === one.device;
