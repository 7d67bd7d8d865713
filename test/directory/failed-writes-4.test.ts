import { tryFailedWrites } from '../support/failed-writes.js';

tryFailedWrites(3, 4);
