import type { Path } from '../../transfer/protocol/path.js';
import type { OpenTunnel } from '../../tunnel/open-tunnel.js';
import { isLan } from './is-lan.js';

/** Over UDP straight to the other side, or by a relay. */
type Way = 'direct' | 'lan' | 'relay';

/** How the bytes of a link in a tunnel go: another way as soon as there is a better one. */
export interface LinkWay {
  readonly path: Way;
  /** By which the newest came: each side chooses its own. */
  readonly via: Way;
  /** Of the other side, or of the relay; '' before there is one. */
  readonly address: string;
  onMoved: () => void;
}

const hostOf = (path: Path | undefined): string => path?.key.replace(/^relay /, '').split(' ')[0] ?? '';

const wayBy = (path: Path | undefined): Way =>
  path === undefined || path.relay === true ? 'relay' : isLan(hostOf(path));

export const wayOf = (tunnel: OpenTunnel): LinkWay => ({
  get path() {
    return wayBy(tunnel.path);
  },
  get via() {
    return wayBy(tunnel.heardBy);
  },
  get address() {
    return hostOf(tunnel.path);
  },
  get onMoved() {
    return tunnel.onMoved;
  },
  set onMoved(moved) {
    tunnel.onMoved = moved;
  },
});
