import { base64url, fromBase64url } from '../../base/bytes.js';
import { formatRelay, parseRelay } from '../../wire/relay.js';
import type { Directory } from '../directory.js';
import { argumentInvalid, type ConsoleItem, item } from './item.js';

/** Shows the relays that devices are told of, or registers one, or takes one off. */
export async function relay(directory: Directory, [step, line = '']: readonly string[]): Promise<ConsoleItem[]> {
  if (step === undefined) return list(directory);
  if (line === '') throw argumentInvalid('Say which: relay add LINE, relay remove LINE.');
  if (step === 'add') return add(directory, line);
  if (step === 'remove') return remove(directory, line);
  throw argumentInvalid('Say what: relay add LINE, relay remove LINE; relay alone lists them.');
}

function list({ site: { core, server } }: Directory): ConsoleItem[] {
  const { own, registered } = core.relays;
  const items = registered.map((one) => item({ event: 'relay', relay: formatRelay(one) }, formatRelay(one)));
  if (own === undefined) return items.length > 0 ? items : [item({ event: 'relays', relays: 0 }, 'There is no relay.')];
  const { bindings = 0, bytes = 0 } = server.relay?.counters ?? {};
  const said = `The directory's own, on UDP port ${own.port}: ${bindings} devices, ${Math.round(bytes / 1e6)} MB since it started`;
  return [
    item({ event: 'relay', own: true, port: own.port, key: base64url(own.key), bindings, bytes }, said),
    ...items,
  ];
}

async function add({ site: { core } }: Directory, line: string): Promise<ConsoleItem[]> {
  const added = parseRelay(line);
  await core.relays.add(added);
  const known = formatRelay(added);
  return [item({ event: 'relay', relay: known }, `Devices are told of it from now on: ${known}`)];
}

async function remove({ site: { core } }: Directory, line: string): Promise<ConsoleItem[]> {
  const key = line.includes('#') ? parseRelay(line).key : fromBase64url(line);
  if (!(await core.relays.remove(key))) throw argumentInvalid('There is no such relay; relay alone lists them.');
  return [item({ event: 'relay-removed', key: base64url(key) }, 'Devices are not told of it any more.')];
}
