import { sameBytes } from '../../../src/base/bytes.js';
import { startDirectory } from '../../../src/directory/directory.js';
import { Outlet } from '../../../src/net/outlet.js';
import { seededRandom } from '../../support/random.js';
import { LIES, type Lie, type LieName, liedAbout } from '../lies.js';

/**
 * The directory, in a process of its own on the data folder given, which says something else when it is told to: all that
 * leaves it passes here.
 */

let lie: Lie | undefined;
let random = seededRandom(0);
/** Whether a frame has left otherwise than it should have, or not at all. */
let hasLied = false;

const write = Outlet.prototype.write;
Outlet.prototype.write = function (this: Outlet, bytes, left) {
  if (lie === undefined) return write.call(this, bytes, left);
  const frames = liedAbout(bytes, lie, random);
  const isLie = frames.length !== 1 || !sameBytes(frames[0]!, bytes);
  if (isLie && !hasLied) process.send!('lied');
  hasLied ||= isLie;
  for (const frame of frames) write.call(this, frame);
  left?.();
};

export interface ToldToLie {
  readonly lie?: LieName;
  readonly seed?: string;
}

process.on('message', ({ lie: name, seed = '' }: ToldToLie) => {
  lie = name === undefined ? undefined : LIES[name];
  random = seededRandom(seed);
  hasLied = false;
  process.send!('told');
});
const directory = await startDirectory({ data: process.argv[2]!, listen: { host: '127.0.0.1', port: 0 } });
process.on('disconnect', () => void directory.close());
process.send!({ link: directory.link });
