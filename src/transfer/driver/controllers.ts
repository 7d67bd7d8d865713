import { hostOf } from '../protocol/allowance.js';
import { BbrController } from '../protocol/congestion/bbr.js';
import type { CongestionController, ControllerInit } from '../protocol/congestion/controller.js';
import { FixedRateController, StreamController } from '../protocol/congestion/fixed-rate.js';
import type { Path } from '../protocol/path.js';
import { ownNetworks, type RememberedPath, rememberedFor } from './path-memory.js';

/** What a stream has under way at most: it has a flow control of its own. */
export const STREAM_WINDOW = 8 << 20;

/** How fast to send on a path. @param rate bytes per second, where a person gave it */
export function controllerFor(
  path: Path,
  init: ControllerInit,
  { rate, remembered = [] }: { readonly rate?: number | undefined; remembered?: readonly RememberedPath[] | undefined },
): CongestionController {
  if (path.stream) return new StreamController(STREAM_WINDOW);
  if (rate !== undefined) return new FixedRateController(init, rate / 1_000);
  return new BbrController(init, rememberedFor(remembered, hostOf(path), ownNetworks()));
}
