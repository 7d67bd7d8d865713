import { version } from '../../base/package-files.js';

/** Name and version of this program, as told to directories and peers. */
export const agent = `p2pchat/${version}`;
