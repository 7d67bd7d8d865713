import { Failure } from '../../base/errors.js';
import { interfaceAddresses, isLoopback } from '../../net/interfaces.js';
import type { Endpoint } from '../../wire/directory.js';
import { ENDPOINTS_PER_DEVICE } from '../../wire/limits.js';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Every address, any free port. */
export const ANY_ADDRESS: ListenAddress = { host: '::', port: 0 };

/** @throws Failure usage 'listen-invalid' */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new Failure('listen-invalid', `'${text}' is no address to listen on`, {
      hint: 'Give HOST:PORT, such as 0.0.0.0:7000 or [::]:0; port 0 picks a free one.',
    });
  }
  return { host: match[1] ?? match[2]!, port };
}

const isAny = (host: string): boolean => host === '::' || host === '0.0.0.0';

/** Addresses of this machine at which others may reach a listener, the likelier ones first. */
export function endpointsOf({ host, port }: ListenAddress): Endpoint[] {
  if (!isAny(host)) return [{ host, port }];
  const usable = interfaceAddresses().filter(
    ({ address, family }) => !address.startsWith('fe80:') && (host === '::' || family === 'IPv4'),
  );
  // Loopback comes last: it is right for two people on one machine, and harmless to others, who will find a stranger there.
  const ranked = [...usable.filter((one) => !one.internal), ...usable.filter((one) => one.internal)];
  return ranked.slice(0, ENDPOINTS_PER_DEVICE).map(({ address }) => ({ host: address, port }));
}

/** With those at the router here, which others outside reach before any that is left out for them. */
export function endpointsWith(
  ports: { endpoints(): readonly Endpoint[] } | undefined,
  own: readonly Endpoint[],
): Endpoint[] {
  const mapped = ports?.endpoints() ?? [];
  const inner = own.filter(({ host }) => !isLoopback(host));
  return [
    ...inner.slice(0, ENDPOINTS_PER_DEVICE - mapped.length),
    ...mapped,
    ...own.filter(({ host }) => isLoopback(host)),
  ].slice(0, ENDPOINTS_PER_DEVICE);
}

/** The same for others on one of its wires: no loopback, and link-local addresses, too, whose zone is the other's to know. */
export function wireEndpointsOf({ host, port }: ListenAddress): Endpoint[] {
  if (!isAny(host)) return isLoopback(host) ? [] : [{ host, port }];
  const usable = interfaceAddresses().filter(
    ({ internal, family }) => !internal && (host === '::' || family === 'IPv4'),
  );
  return usable.slice(0, ENDPOINTS_PER_DEVICE).map(({ address }) => ({ host: address, port }));
}
