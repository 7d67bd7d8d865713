import { tryEach } from './each.js';
import { FROM_THE_DIRECTORY } from './from-the-directory.js';

await tryEach(FROM_THE_DIRECTORY);
