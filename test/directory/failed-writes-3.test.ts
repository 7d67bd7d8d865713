import { tryFailedWrites } from '../support/failed-writes.js';

tryFailedWrites(2, 4);
