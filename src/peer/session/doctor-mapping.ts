import { Failure } from '../../base/errors.js';
import type { MappingTrouble } from '../../net/mapping/client.js';
import type { Dialect } from '../../net/mapping/entry.js';
import type { GatewayState } from '../../net/mapping/port-mapper.js';
import { hostAndPort } from '../../wire/link.js';
import type { Check } from '../api/peer.js';
import type { Network } from '../network/network.js';

const NAME = 'mapped ports';
const SPOKEN: Readonly<Record<Dialect, string>> = { pcp: 'PCP', 'nat-pmp': 'NAT-PMP' };
const TURN_ON = 'p2pchat preferences mapping on';

const passed = (says: string): Check => ({ name: NAME, ok: true, says });

/** Whether the router here lets others in at ports that it was asked for, or would. */
export async function mappedPorts(network: Network): Promise<Check> {
  const { mapped, welcome } = network;
  if (mapped === undefined) return passed('no router is asked: P2PCHAT_MAPPING is off');
  switch (mapped.reason()) {
    case 'not known':
      return passed('not tried: the directory was not reached');
    case 'no router between':
      return passed('none needed: no router is between here and the directory');
    case 'loopback':
      return passed('none asked for: links come in from this machine only');
    case 'off':
      return passed(offered(await mapped.told()));
    case 'asked':
      return judged(await mapped.told(), welcome?.observed?.host);
  }
}

function offered({ gateway, speaks }: GatewayState): string {
  if (gateway === undefined) return 'off here, and this machine knows no router to ask';
  if (speaks === undefined) return `off here; the router (${gateway}) offers neither PCP nor NAT-PMP`;
  return `the router (${gateway}) offers ${SPOKEN[speaks]}, but it is off here. Turn it on: ${TURN_ON}`;
}

function judged({ gateway, speaks, mapped, trouble }: GatewayState, seen: string | undefined): Check {
  if (gateway === undefined) return passed('this machine knows no router to ask');
  if (mapped.length > 0) {
    const ports = [...mapped]
      .sort((one, other) => (one.protocol < other.protocol ? -1 : 1))
      .map(({ protocol, external }) => `${protocol.toUpperCase()} ${hostAndPort(external)}`);
    const by = speaks === undefined ? '' : ` by ${SPOKEN[speaks]}`;
    const says = `the router (${gateway}) lets others in at ${ports.join(' and ')}${by}`;
    const inner = mapped.find(({ external }) => external.host !== seen);
    if (inner === undefined || seen === undefined) return passed(says);
    // What is mapped there is reached from the network between the two routers only.
    return passed(`${says}, but the directory sees ${seen}: another router is behind it, which is not asked`);
  }
  const failure = failureOf(trouble, gateway);
  if (failure !== undefined) return { name: NAME, ok: false, says: failure.message, hint: failure.hint };
  return passed(`the router (${gateway}) offers neither PCP nor NAT-PMP`);
}

/** Undefined where the router has nothing to do with it. */
function failureOf(trouble: MappingTrouble | undefined, gateway: string): Failure | undefined {
  switch (trouble) {
    case 'refused':
      return new Failure('mapping-refused', `the router (${gateway}) refuses to let others in`);
    case 'full':
      return new Failure(
        'mapping-full',
        `the router (${gateway}) has no port to give: none is left, or it has no public address itself`,
      );
    case 'failed':
      return new Failure('mapping-failed', `the router (${gateway}) has no public address that it could map`);
    case 'nonsense':
      return new Failure('mapping-unreadable', `what the router (${gateway}) answers can't be read`);
    default:
      return undefined;
  }
}
