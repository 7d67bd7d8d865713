import { tryEach } from './each.js';
import { FROM_THE_NETWORK } from './from-the-network.js';

await tryEach(FROM_THE_NETWORK);
