import { startDaemon } from '../../../src/directory/daemon.js';

/** A directory on a data folder and port, until it is killed. Prints its link when it is ready. */
const [data = '', port = '0'] = process.argv.slice(2);
const limits = { messages: { burst: 1e9, perSecond: 1e9 }, requests: { burst: 1e9, perSecond: 1e9 } };
const { link } = await startDaemon({ data, listen: `127.0.0.1:${port}`, limits });
process.stdout.write(`${link}\n`);
