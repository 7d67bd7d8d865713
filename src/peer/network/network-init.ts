import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import type { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { DeviceCertificate } from '../../crypto/certificate.js';
import type { OpenMulticast } from '../../net/multicast.js';
import type { DeviceAddress, DirectoryNotices } from '../../wire/directory.js';
import type { NoticeHandlers } from '../../wire/rpc.js';
import type { ContactDevice } from '../identity/contacts.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Welcome } from './directory-client.js';
import type { LanContact } from './lan-discovery.js';
import type { Link, LinkHandlers } from './link.js';
import type { ListenAddress } from './listen-address.js';
import type { MappedPorts } from './mapped-ports.js';
import type { Transport } from './transport.js';

export interface NetworkInit {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  /** TLS over TCP, if not given. */
  readonly transport?: Transport | undefined;
  /** How the local network is spoken to; not at all, if not given. */
  readonly multicast?: OpenMulticast | undefined;
  /** Ports at the router here; none are asked for, if not given. */
  readonly mapped?: MappedPorts | undefined;
  /** Addresses given by hand, which are called as long as this runs. */
  readonly peers?: readonly ListenAddress[] | undefined;
}

/** What comes in, and what the network has to ask: given when it starts. */
export interface NetworkHandlers {
  /** Requests and notices over links. */
  readonly links: Omit<LinkHandlers, 'crl'>;
  /** Notices of the directory. */
  readonly notices: NoticeHandlers<DirectoryNotices>;
  /** The devices of a person, as far as known. @throws Failure 'user-unknown', 'identity-changed' */
  devices(user: string): Promise<readonly ContactDevice[]>;
  /** @throws Failure where this device has no link to that one */
  admit(certificate: DeviceCertificate): Promise<void>;
  /** Whether links to a person are wanted. */
  isWanted(user: string): boolean;
  /** Whom to look for on the local network, and to answer to there. */
  contacts(): Promise<readonly LanContact[]>;
  wantsLan(): boolean;
  wantsMapping(): boolean;
  /** A connection for a transfer. @returns whether it has a part in it */
  onStream(from: DeviceAddress, transfer: Uint8Array, stream: Duplex): boolean;
  onLink(link: Link): void;
  onLost(link: Link): void;
  /** Its round trip was measured, it fell silent, or it is heard again; it may be gone. */
  onChange(link: Link): void;
  /** What the directory gave this device to bring along the next time. */
  stamp(): Uint8Array | undefined;
  onOnline(welcome: Welcome): void;
  onOffline(retryIn: number): void;
  /** The directory won't have this device any more. */
  onRefused(why: Failure): void;
  /** It is there and can't be used, for a reason that may pass. */
  onTrouble(why: Failure): void;
  /** Gets this device a certificate in place of one that has ended. @throws Failure why there is none */
  reenter(): Promise<void>;
  onError(error: unknown): void;
}
