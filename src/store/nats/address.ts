import { Failure } from '../../base/errors.js';

export interface NatsAddress {
  readonly servers: readonly string[];
  readonly name?: string;
  readonly replicas?: 1 | 3;
}

const DEFAULT_PORT = 4222;
const SERVER = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i;

/**
 * `nats://HOST[:PORT],…[?name=NAME&replicas=1|3]`
 * @throws Failure usage 'store-address'
 */
export function parseNatsAddress(text: string): NatsAddress {
  const [, list = '', query = ''] = /^nats:\/\/([^?/]+)\/?(?:\?(.*))?$/.exec(text) ?? [];
  if (list.includes('@')) throw wrong('a password in an address is seen by every user of the machine');
  const servers = list.split(',').map((one) => {
    const [, host, port = DEFAULT_PORT] = SERVER.exec(one) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw wrong('a server is HOST or HOST:PORT');
    return `${host}:${port}`;
  });
  const { name, replicas, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  if (Object.keys(unknown).length > 0)
    throw wrong(`'${Object.keys(unknown)[0]}' is not something that can be set there`);
  if (name !== undefined && !/^[a-z0-9_-]{1,32}$/i.test(name))
    throw wrong('a name has 1 to 32 letters, digits, _ and -');
  if (replicas !== undefined && replicas !== '1' && replicas !== '3') throw wrong('replicas are 1 or 3');
  return { servers, ...(name && { name }), ...(replicas && { replicas: Number(replicas) as 1 | 3 }) };
}

const wrong = (why: string): Failure =>
  new Failure('store-address', `that is not an address of a store: ${why}`, {
    hint: 'Give level, or nats://HOST:PORT,HOST:PORT,HOST:PORT; credentials go into a file: --nats-credentials FILE.',
  });
