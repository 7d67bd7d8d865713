import { readFileSync } from 'node:fs';
import { describe, type HostAddress, openTransfers, type RememberedPath } from '../../src/transfer/transfer.js';
import { manifestCodec } from '../../src/wire/transfer-manifest.js';

/** One side of a transfer as a program: `transfer-end send|receive`, settings as JSON in the file named next. For benches and tests. */

export interface EndSettings {
  readonly id: string;
  readonly secret: string;
  readonly listen: HostAddress;
  readonly candidates: readonly HostAddress[];
  readonly use?: 'batch' | 'dgram';
  readonly paths?: readonly string[];
  readonly folder?: string;
  /** The encoded manifest, hex. */
  readonly manifest?: string;
  readonly rate?: number;
  readonly pace?: number;
  /** What the path carried in an earlier run. */
  readonly remembered?: readonly RememberedPath[];
  readonly tree?: boolean;
  readonly durable?: boolean;
  readonly trace?: string;
  readonly patience?: number;
}

const say = (event: unknown): void => console.log(JSON.stringify(event));

async function main(): Promise<void> {
  const [role, file] = process.argv.slice(2);
  const settings = JSON.parse(readFileSync(file!, 'utf8')) as EndSettings;
  const { id, secret, listen, candidates, use, patience, trace } = settings;
  const transfers = await openTransfers({ listen: [listen], ...(use === undefined ? {} : { use }) });
  say({ event: 'ready', ...transfers.endpoints[0] });
  const common = {
    id: Buffer.from(id, 'hex'),
    secret: Buffer.from(secret, 'hex'),
    candidates,
    ...(patience === undefined ? {} : { patience }),
    ...(trace === undefined ? {} : { trace }),
  };
  const onEvent = (event: { readonly type: string }): void => {
    if (event.type !== 'have') say({ event: event.type, ...event });
  };
  try {
    if (role === 'send') {
      const source = await describe(settings.paths!, settings.tree === undefined ? {} : { tree: settings.tree });
      const { rate, pace, remembered } = settings;
      const limits = {
        ...(remembered && { remembered }),
        ...(rate === undefined ? {} : { rate }),
        ...(pace === undefined ? {} : { pace }),
      };
      await transfers.send({ ...common, source, ...limits }, onEvent).ended;
    } else {
      const manifest = manifestCodec.decode(Buffer.from(settings.manifest!, 'hex'));
      const durable = settings.durable ?? true;
      await transfers.receive({ ...common, manifest, folder: settings.folder!, durable }, onEvent).ended;
      // The last packet may have to be answered again.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  } catch {
    process.exitCode = 1;
  }
  const { user, system } = process.cpuUsage();
  say({ event: 'usage', cpu: (user + system) / 1e6, memory: process.resourceUsage().maxRSS * 1_024 });
  await transfers.close();
}

await main();
