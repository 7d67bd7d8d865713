import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Logger, silentLogger } from '../../base/log.js';
import { type Random, systemRandom } from '../../base/random.js';
import { Cluster } from './cluster.js';
import { connectNats, type NatsServers } from './connection.js';
import { explain } from './failures.js';
import { NatsStore } from './store.js';
import { ensureStream, type Layout, layoutOf, logsConfig, recordsConfig } from './streams.js';
import { startSweeping } from './sweep.js';

export interface NatsStoreOptions extends NatsServers {
  /** What the store is called among others on the same servers. */
  readonly name?: string;
  /** Copies of everything, 1 or 3; as it was made, if not given, at first three where three servers are named. */
  readonly replicas?: 1 | 3;
  readonly log?: Logger;
  readonly random?: Random;
}

const DEFAULT_NAME = 'p2pchat';

/**
 * Opens the store in a NATS cluster, and makes it if there is none. Several processes may have it open.
 * @throws Failure storage 'store-unreachable', 'store-servers', 'store-newer', 'store-unavailable'
 */
export async function openNatsStore(options: NatsStoreOptions): Promise<NatsStore> {
  const { log = silentLogger, random = systemRandom, name = DEFAULT_NAME, servers, replicas } = options;
  const connection = await connectNats(options);
  try {
    const layout = layoutOf(name);
    const cluster = await Cluster.over(connection, random);
    const copies = replicas ?? (servers.length >= 3 ? 3 : 1);
    await Promise.all([
      ensureStream(cluster, recordsConfig(layout, copies), replicas),
      ensureStream(cluster, logsConfig(layout, copies), replicas),
    ]);
    const objects = await objectStore(cluster, layout, copies);
    const store = new NatsStore({ cluster, objects, layout, log, random });
    followState(connection, store, log);
    store.onClose(startSweeping({ cluster, objects, layout, log }));
    return store;
  } catch (error) {
    await connection.close();
    throw explain(error);
  }
}

async function objectStore(cluster: Cluster, { blobs }: Layout, replicas: number) {
  const objects = new Objm(cluster.jetstream);
  const there = await cluster
    .ask(() => objects.list().next())
    .then((names) => names.some((one) => one.bucket === blobs));
  return cluster.ask(() => (there ? objects.open(blobs) : objects.create(blobs, { replicas })));
}

/** Tells the log of what the connection goes through, and the bus when it has missed something. */
function followState(connection: NatsConnection, store: NatsStore, log: Logger): void {
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') log.warn('store: connection to NATS lost');
      if (type !== 'reconnect') continue;
      log.info('store: connected to NATS again', { server: connection.getServer() });
      store.bus.gap();
    }
  })();
}
