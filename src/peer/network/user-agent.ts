import { version } from '../../base/package-files.js';
import { agentOf } from '../../wire/agent.js';

/** Name and version of this program, as told to directories and peers. */
export const agent = agentOf(version);
