import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { Failure } from '../../base/errors.js';
import { MAX_VALUE_BYTES } from '../store.js';
import { misconfigured, unreachable } from './failures.js';

export interface NatsServers {
  /** HOST:PORT each. */
  readonly servers: readonly string[];
  /** Paths of files: a NATS credentials file; PEM of a CA, of a client certificate and its key. */
  readonly credentials?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** The largest value, and what stands around it. */
const PAYLOAD_BYTES = MAX_VALUE_BYTES + 64 * 1024;
const CONNECT_MS = 5_000;
const RECONNECT_MS = 200;

/** @throws Failure storage 'store-unreachable', 'store-servers' */
export async function connectNats(given: NatsServers): Promise<NatsConnection> {
  const names = given.servers.join(', ');
  const options = await optionsOf(given);
  let connection: NatsConnection;
  try {
    connection = await connect(options);
  } catch (error) {
    throw unreachable(names, error);
  }
  const payload = connection.info?.max_payload ?? 0;
  if (payload >= PAYLOAD_BYTES && connection.info?.jetstream === true) return connection;
  await connection.close();
  if (connection.info?.jetstream !== true) {
    throw misconfigured(
      `The NATS servers at ${names} run without JetStream.`,
      'Give each a jetstream block with a store_dir.',
    );
  }
  throw misconfigured(
    `The NATS servers at ${names} take messages of ${payload} bytes; values have up to ${PAYLOAD_BYTES}.`,
    'Set max_payload: 8MB in the configuration of each server, and start it again.',
  );
}

async function optionsOf({ servers, credentials, ca, certificate, key }: NatsServers): Promise<NodeConnectionOptions> {
  const tls = ca !== undefined || certificate !== undefined;
  return {
    servers: [...servers],
    name: 'p2pchat directory',
    timeout: CONNECT_MS,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: 2_000,
    maxPingOut: 2,
    ...(credentials !== undefined && { authenticator: credsAuthenticator(await read(credentials)) }),
    ...(tls && {
      tls: {
        ...(ca !== undefined && { ca: text(await read(ca)) }),
        ...(certificate !== undefined && { cert: text(await read(certificate)) }),
        ...(key !== undefined && { key: text(await read(key)) }),
      },
    }),
  };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

async function read(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new Failure('file-unreadable', `the file ${path} cannot be read`, {
      hint: 'Check its path and permissions.',
      cause: error,
    });
  }
}
