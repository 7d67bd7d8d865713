import type { Random } from '../../base/random.js';
import type { TunnelKey } from '../../crypto/tunnel-secret.js';
import type { Path } from '../../transfer/protocol/path.js';
import type { Endpoint } from '../../wire/directory.js';

export interface TunnelInit {
  readonly random: Random;
  readonly out: TunnelKey;
  readonly in: TunnelKey;
  /** Sends, or loses. */
  emit(path: Path, datagram: Uint8Array): void;
  /** Bytes of the other side, in order. */
  onBytes(bytes: Uint8Array): void;
  /** The other side writes no more. */
  onEnd(): void;
  /** There is room to write again. */
  onRoom(): void;
  /** The path in use is another one. */
  onMoved(): void;
  /** The other side says where else it may be. */
  onAddresses(addresses: readonly Endpoint[]): void;
  /** It is there, and receives, by that path. */
  onProved(path: Path): void;
  onClosed(): void;
}
