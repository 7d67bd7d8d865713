import { tryFailedWrites } from '../support/failed-writes.js';

tryFailedWrites(0, 4);
