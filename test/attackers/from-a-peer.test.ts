import { tryEach } from './each.js';
import { FROM_A_PEER } from './from-a-peer.js';

await tryEach(FROM_A_PEER);
