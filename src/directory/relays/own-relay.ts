import { SigningKey } from '../../crypto/keys.js';
import { DEFAULT_RELAY_LIMITS, type RelayLimits, type RunningRelay, startRelay } from '../../relay/relay.js';
import type { Services } from '../services.js';

export interface OwnRelayOptions {
  /** UDP; the directory's own number, if not given. */
  readonly port?: number;
  readonly limits?: Partial<RelayLimits>;
}

/** Both families where the directory takes both. */
const hostsOf = (host: string): readonly string[] => (host === '::' ? ['0.0.0.0', '::'] : [host]);

/**
 * The relay beside the directory, in a thread of its own. Its key follows from the authority's, so that devices know it after
 * each start. One that can't run is told in the log, and leaves devices to reach each other by themselves.
 */
export async function startOwnRelay(
  core: Services,
  at: { readonly host: string; readonly port: number },
  { port = at.port, limits }: OwnRelayOptions,
): Promise<RunningRelay | undefined> {
  const { authority, log } = core;
  const seed = authority.derive('p2pchat/1 relay');
  try {
    const relay = await startRelay({
      listen: hostsOf(at.host).map((host) => ({ host, port })),
      ...{ seed, directoryId: authority.trust.directoryId, limits: { ...DEFAULT_RELAY_LIMITS, ...limits } },
    });
    core.relays.own = { key: SigningKey.fromSeed(seed).publicKey, port: relay.port };
    void relay.ended.then((why) => {
      core.relays.own = undefined;
      if (why !== undefined) log.error('the relay has ended', { error: String(why.cause ?? why) });
    });
    return relay;
  } catch (error) {
    log.warn('no relay runs: its UDP port cannot be had', { port, error: String(error) });
    return undefined;
  }
}
