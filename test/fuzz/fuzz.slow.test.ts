import { fuzzEach } from './each.js';

await fuzzEach(4_000);
