import { tryFailedWrites } from '../support/failed-writes.js';

tryFailedWrites(1, 4);
