import addition from './groups/addition.js';
import commits from './groups/commits.js';
import fanOut from './groups/fan-out.js';
import messages from './groups/messages.js';
import newcomer from './groups/newcomer.js';
import { type Bench, runParts } from './support/report.js';

/**
 * Groups: a message to many, the directory's fan-out, an addition to a large group, a newcomer's first screen, commits at
 * once. `npm run bench -- groups:messages,fanout` runs some of it.
 */
const bench: Bench = (report, parts) =>
  runParts({ messages, fanout: fanOut, addition, newcomer, commits }, report, parts);
export default bench;
