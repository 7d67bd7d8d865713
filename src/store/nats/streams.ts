import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { newer } from '../failures.js';
import type { Cluster } from './cluster.js';
import { FORMAT } from './envelope.js';
import { isNotFound, isReplicasUnsupported, misconfigured } from './failures.js';

/** Everything a store has in the cluster is named by it. */
export interface Layout {
  readonly records: string;
  readonly recordSubjects: string;
  readonly logs: string;
  readonly logSubjects: string;
  readonly blobs: string;
  readonly busSubjects: string;
}

export const layoutOf = (name: string): Layout => ({
  records: `KV_${name}-records`,
  recordSubjects: `$KV.${name}-records`,
  logs: `${name}-logs`,
  logSubjects: `${name}.log`,
  blobs: `${name}-blobs`,
  busSubjects: `${name}.bus`,
});

/** How long servers remember the ids of messages: longer than any write is repeated. */
const REMEMBER_MS = 120_000;

const TITLE = 'p2pchat store, format ';

const common = (replicas: number): Partial<StreamConfig> => ({
  description: `${TITLE}${FORMAT}`,
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  num_replicas: replicas,
  discard: DiscardPolicy.New,
  duplicate_window: nanos(REMEMBER_MS),
  // Only the leader answers reads: a follower may not have yet what was acknowledged.
  allow_direct: false,
});

/** The stream behind a key-value bucket, as NATS ADR-8 describes it. */
export const recordsConfig = ({ records, recordSubjects }: Layout, replicas: number) => ({
  ...common(replicas),
  name: records,
  subjects: [`${recordSubjects}.>`],
  // The value, and those that were on their way together with it (cluster.ts).
  max_msgs_per_subject: 8,
  allow_rollup_hdrs: true,
  deny_delete: true,
});

export const logsConfig = ({ logs, logSubjects }: Layout, replicas: number) => ({
  ...common(replicas),
  name: logs,
  subjects: [`${logSubjects}.>`],
});

type Config = Partial<StreamConfig> & { readonly name: string };

/**
 * Makes the stream, or brings one that an older version made to what this one wants.
 * @param replicas as asked for; undefined leaves a stream that is there as it is
 * @throws Failure storage 'store-newer', 'store-servers', 'store-unavailable'
 */
export async function ensureStream(cluster: Cluster, config: Config, replicas: number | undefined): Promise<void> {
  const { streams } = cluster.manager;
  const there = await cluster.ask(() => streams.info(config.name).catch(absent));
  if (there === undefined) {
    await cluster.ask(() => streams.add(config).catch(alone));
    return;
  }
  assertFormat(there);
  const wanted = { ...config, num_replicas: replicas ?? there.config.num_replicas };
  const changes = Object.entries(wanted).some(
    ([name, value]) => !same(there.config[name as keyof StreamConfig], value),
  );
  if (changes) await cluster.ask(() => streams.update(config.name, { ...there.config, ...wanted }).catch(alone));
}

export function assertFormat({ config }: StreamInfo): void {
  const found = Number(config.description?.startsWith(TITLE) ? config.description.slice(TITLE.length) : FORMAT);
  if (found > FORMAT) throw newer(found, FORMAT);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const absent = (error: unknown): undefined => {
  if (isNotFound(error)) return undefined;
  throw error;
};

const alone = (error: unknown): never => {
  if (!isReplicasUnsupported(error)) throw error;
  throw misconfigured(
    'These NATS servers are not a cluster: they cannot keep three copies.',
    'Configure them as a cluster of three, or ask for one copy: nats://HOST:PORT?replicas=1.',
  );
};
