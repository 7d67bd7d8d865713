import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { type Code, type Failure, hasCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { Scope } from '../../base/scope.js';
import { sealForRecovery } from '../../crypto/recovery.js';
import { sealer } from '../../crypto/vault.js';
import { openLevelStore } from '../../store/level/open.js';
import type { OpenPeer, PeerApi } from '../api/peer.js';
import { LocalDevice } from '../identity/local-device.js';
import { ANY_ADDRESS, parseListen } from '../network/listen-address.js';
import { Network } from '../network/network.js';
import { type Profile, requireProfile, storeFolder, writeProfile } from '../storage/profile.js';
import { SetAside } from '../storage/set-aside.js';
import { openTables } from '../storage/tables.js';
import { Core } from './core.js';
import { Peer } from './peer.js';

export interface Starting {
  readonly profile: Profile;
  /** Of the vault. */
  readonly key: Uint8Array;
  /** What is opened here ends with it. */
  readonly scope: Scope;
  readonly clock: Clock;
  readonly random: Random;
  /** What is thrown, where the directory refuses the device for it. */
  readonly reasons: readonly Code[];
  /** What was set aside by an opening that was given up; it is told by this one. */
  readonly found: Failure[];
}

/**
 * Puts a peer together on its store, lets it listen and tries the directory once.
 * @throws Failure storage 'store-in-use', usage 'port-busy', blocked 'account-banned', and what `reasons` name
 */
export async function startPeer(
  init: OpenPeer,
  { profile, key, scope, clock, random, reasons, found }: Starting,
): Promise<PeerApi> {
  const disk = await openLevelStore({ folder: storeFolder(init.home) });
  scope.defer(() => disk.close());
  const aside = new SetAside(disk, found);
  const tables = openTables(disk, sealer(key, random), aside);
  const self = await LocalDevice.load(profile, disk, tables, clock);
  if (profile.recovery === undefined) {
    const recovery = sealForRecovery(key, self.identity, random);
    await writeProfile(init.home, { ...(await requireProfile(init.home)), recovery });
  }
  const online = new Scope();
  let peer: Peer;
  const network = new Network({
    self,
    clock,
    random,
    scope: online,
    core: () => core,
    onRefused: (why) => refused(why),
  });
  const core: Core = new Core({
    self,
    disk,
    tables,
    clock,
    random,
    scope: online,
    request: (method, params) => network.client.request(method, params),
    isOnline: () => network.directoryState === 'online',
    link: (address) => network.link(address),
    typing: (user, active) => network.typing(user, active),
    store: (address, items) => network.store(address, items),
    downloads: join(init.home, 'downloads'),
    listening: () => network.links.address,
    stream: (address, transfer) => network.stream(address, transfer),
    linkedFrom: (device) => network.linkedFrom(device),
  });
  let refusal: Failure | undefined;
  const refused = (why: Failure): void => {
    refusal = why;
    const { code, message, hint } = why;
    core.feed.emit({ event: 'error', code, message, hint });
    void peer?.close();
  };
  // The disk closes last: what the network brings in until its end is still written.
  scope.defer(() => core.close());
  scope.defer(() => online.close());
  scope.defer(() => core.transfers.close());
  const tell = ({ code, message, hint }: Failure): void => core.feed.emit({ event: 'error', code, message, hint });
  for (const failure of found) tell(failure);
  aside.onRow = tell;
  await core.load(aside);
  await network.start(init.listen === undefined ? ANY_ADDRESS : parseListen(init.listen));
  // Who is banned is told, with the reason and the end.
  if ((['account-banned', ...reasons] as const).some((code) => hasCode(refusal, code))) throw refusal;
  core.transfers.resume();
  await core.talk.expiry.load(network.welcome?.now);
  peer = new Peer({ home: init.home, scope, self, disk, core, network, clock, aside });
  return peer;
}
