import type { Clock } from '../../base/clock.js';
import { timestamp } from '../../base/clock.js';
import { hasCode } from '../../base/errors.js';
import { isOwnAddress } from '../../net/interfaces.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import { hostAndPort } from '../../wire/link.js';
import type { Check } from '../api/peer.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Network } from '../network/network.js';
import type { Outlook, TransferEndpoint } from '../transfers/transfer-endpoint.js';
import { localNetwork } from './doctor-lan.js';
import { mappedPorts } from './doctor-mapping.js';

interface Patient {
  readonly self: LocalDevice;
  readonly network: Network;
  readonly clock: Clock;
  readonly sockets: TransferEndpoint;
}

/** What works here, and what to do about the rest. */
export async function diagnose(patient: Patient): Promise<readonly Check[]> {
  const files = await datagrams(patient);
  const mapped = await mappedPorts(patient.network);
  return [
    directory(patient),
    clocks(patient),
    certificate(patient),
    directLinks(patient),
    await behind(patient),
    mapped,
    await localNetwork(patient.network),
    files,
  ];
}

function directory({ self, network }: Patient): Check {
  const where = `${self.link.host}:${self.link.port}`;
  if (network.directoryState === 'online') return { name: 'directory', ok: true, says: `reached at ${where}` };
  const { trouble } = network;
  if (trouble) return { name: 'directory', ok: false, says: `${where}: ${trouble.message}`, hint: trouble.hint };
  return {
    name: 'directory',
    ok: false,
    says: `not reached at ${where}`,
    hint: 'Check that it runs and that a firewall lets TCP to that port through. If it has moved, end what runs on this profile and start it with --directory LINK: where the fingerprint is the same, it is remembered.',
  };
}

function clocks({ network, clock }: Patient): Check {
  if (network.welcome === undefined)
    return hasCode(network.trouble, 'clock-differs')
      ? { name: 'clock', ok: false, says: network.trouble.message, hint: network.trouble.hint }
      : { name: 'clock', ok: true, says: 'not compared: the directory was not reached' };
  const off = Math.round((clock.now() - network.welcome.now) / 1000);
  const ok = Math.abs(off) * 1000 < CLOCK_SKEW_MS;
  return {
    name: 'clock',
    ok,
    says: `${Math.abs(off)} s ${off < 0 ? 'behind' : 'ahead of'} the directory's`,
    ...(!ok && { hint: 'Set the clocks right (NTP): certificates are judged by them.' }),
  };
}

function certificate({ self, clock, network }: Patient): Check {
  const expires = self.certificateExpires();
  const shutOut = hasCode(network.trouble, 'certificate-revoked');
  if (hasCode(network.trouble, 'clock-differs')) {
    return { name: 'certificate', ok: true, says: 'not judged: by a clock that is wrong nothing is' };
  }
  const ok = expires > clock.now() && !shutOut;
  if (shutOut) {
    const hint = `Run: p2pchat login ${self.user}`;
    return { name: 'certificate', ok, says: 'the directory does not take it any more', hint };
  }
  return {
    name: 'certificate',
    ok,
    says: `${ok ? 'valid until' : 'expired at'} ${timestamp(expires)}`,
    ...(!ok && { hint: `Run: p2pchat login ${self.user}` }),
  };
}

/** What is known of the router here by what the directory saw of it: links are made to it only where it lets them through. */
function kindOf({ answered, keepsPort, seen }: Outlook, port: number): string {
  const open = `have TCP and UDP let through from there to port ${port} here, and start with --listen [::]:${port}`;
  if (!answered) return `whether it lets UDP through is not known. For links from outside ${open}`;
  if (keepsPort)
    return `it keeps ports, so that messages and files reach others behind such routers. For links from outside ${open}`;
  const from = seen === undefined ? '' : ` (UDP comes from ${seen.port})`;
  return `it chooses ports of its own${from}, so that messages and files to others behind routers go by a relay. To be reached directly ${open}`;
}

/** The directory sees where we come from: an address that is none of ours means that a router is between. */
async function behind({ network, sockets }: Patient): Promise<Check> {
  const name = 'reached from outside';
  const seen = network.welcome?.observed?.host;
  if (seen === undefined) return { name, ok: true, says: 'not known: the directory was not reached' };
  if (isOwnAddress(seen)) return { name, ok: true, says: `the directory sees ${seen}, an address of this machine` };
  const router = `the directory sees ${seen}, a router's address`;
  const open = network.mapped?.endpoints() ?? [];
  if (open.length > 0)
    return { name, ok: true, says: `${router}, which lets others in at ${open.map(hostAndPort).join(', ')}` };
  return { name, ok: true, says: `${router}: ${kindOf(await sockets.outlook(), network.links.address.port)}` };
}

function directLinks({ network }: Patient): Check {
  const name = 'direct links';
  const endpoints = network.links.endpoints().map(hostAndPort);
  if (endpoints.length > 0) return { name, ok: true, says: `listening at ${endpoints.join(', ')}` };
  const hint = 'Start it again with --listen 0.0.0.0:PORT. Until then messages go by links to others, and the mailbox.';
  return { name, ok: false, says: 'listening nowhere', hint };
}

/** What files go by: the endpoint in use here, and whether UDP leaves this machine at all. */
async function datagrams({ self, network, sockets }: Patient): Promise<Check> {
  const name = 'files over UDP';
  const kinds = new Set((await sockets.open()).endpoints.map(({ kind }) => kind));
  const by = `endpoint ${[...kinds].join(', ')}`;
  if (network.directoryState !== 'online') return { name, ok: true, says: `${by}; not tried: no directory to ask` };
  const { answered, keepsPort } = await sockets.outlook();
  if (!answered) {
    return {
      name,
      ok: false,
      says: `${by}; the directory does not answer by UDP`,
      hint: `UDP is blocked: allow it in the firewall here, or ask for UDP to port ${self.link.port} of the directory. Until then files go over TCP.`,
    };
  }
  const port = keepsPort ? 'the port in use here' : 'another port than the one in use here: the router changes it';
  return { name, ok: true, says: `${by}; the directory answers, and sees ${port}` };
}
