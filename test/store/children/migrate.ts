/**
 * Opens a store with migrations and is killed by itself at a write: `migrate FOLDER NTH before|after`. Prints how many
 * writes there were if it survives.
 */
import { openLevelStore } from '../../../src/store/level/open.js';
import { MIGRATIONS } from '../migrations.js';

const [folder, nth, when] = process.argv.slice(2) as [string, string, string];
let count = 0;
const die = () => process.kill(process.pid, 'SIGKILL');
const store = await openLevelStore({ folder, migrations: MIGRATIONS }, (database) => ({
  ...database,
  async write(ops) {
    const mine = ++count === Number(nth);
    if (mine && when === 'before') die();
    await database.write(ops);
    if (mine) die();
  },
}));
await store.close();
console.log(count);
