/**
 * Runs benches: `npm run bench -- NAME…`, where NAME stands for bench/NAME.ts; `NAME:PART,PART` runs some of its parts, where
 * it has parts. Without a name it lists them. Figures go to the terminal and, as JSON, to bench/results/.
 */
import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.js';
import { type Bench, PrintedReport } from './support/report.js';

const here = dirname(fileURLToPath(import.meta.url));
const results = resolve(here, '..', '..', 'bench', 'results');
const known = readdirSync(here)
  .filter((name) => name.endsWith('.js') && name !== 'run.js')
  .map((name) => name.slice(0, -'.js'.length))
  .sort();

const wanted = process.argv.slice(2).map((word) => {
  const [name = '', parts = ''] = word.split(':');
  return { name, parts: parts.split(',').filter(Boolean) };
});
const wrong = wanted.filter(({ name }) => !known.includes(name));
if (wanted.length === 0 || wrong.length > 0) {
  for (const { name } of wrong) console.error(`There is no bench '${name}'.`);
  console.error(`npm run bench -- NAME…, where NAME is one of: ${known.join(', ')}`);
  process.exit(2);
}

for (const { name, parts } of wanted) {
  const module: { readonly default: Bench } = await import(new URL(`./${name}.js`, import.meta.url).href);
  const report = new PrintedReport(name);
  await module.default(report, parts);
  console.log(`  kept in ${report.save(results, systemClock.now())}`);
}
