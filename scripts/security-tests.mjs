// Which tests hold which row of the catalogue of attacks, by the ids their names begin with; the page of it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTACKS } from '../dist/test/attackers/attacks.js';
import { AREAS, CATALOGUE } from '../dist/test/support/catalogue.js';

const IDS = /^(?:[A-Z]\d{1,2} )+/;

/** A name as it stands in the source: at `test(` or `it(`, or first in a row of a table of tests. */
const NAMED = /(?:\b(?:test|it)\(\s*|^\s*\[)(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/gm;

/** Of all tests whose names begin with ids: the ids, the name without them, and where it stands. */
export function namedTests(root) {
  const attacks = ATTACKS.map(({ ids, what, file }) => ({ ids, name: what, file: `test/attackers/${file}` }));
  const written = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .sort()
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(NAMED)].flatMap(([, single, double, template]) => {
        const name = (single ?? double ?? template)
          .replace(/\\(.)/g, '$1')
          .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…');
        const [ids = ''] = IDS.exec(name) ?? [];
        return ids === '' ? [] : [{ ids: ids.trim().split(' '), name: name.slice(ids.length), file }];
      }),
    );
  return [...written, ...attacks];
}

export function securityTests(root) {
  const tests = namedTests(root);
  const heldBy = (id) => tests.filter(({ ids }) => ids.includes(id));
  const section = ({ id, attack, holds, untried, bench }) => [
    '',
    `### ${id}: ${attack}`,
    `Holds when: ${holds}.`,
    ...(untried === undefined ? [] : ['', `Not tried: ${untried}.`]),
    ...(bench === undefined ? [] : ['', `Figures: \`npm run bench -- ${bench}\`.`]),
    '',
    ...heldBy(id).map(({ name, file }) => `- ${name} (\`${file}\`${file.endsWith('.slow.test.ts') ? ', slow' : ''})`),
  ];
  return [
    '# Security tests',
    '',
    'Which attacks and faults the program is tried against, what must hold, and the tests that try it; where they try less,',
    'what they do not. Slow tests run by',
    '`npm run test:slow`. Figures depend on the machine, so they come from a bench. What an attacker may still do stands in',
    '[threat-model.md](threat-model.md). `npm run attack -- --minutes 60` tries those of `test/attackers/` again and again.',
    '',
    'Made from `test/support/catalogue.ts` and the names of the tests by `node scripts/documents.mjs`.',
    ...Object.entries(AREAS).flatMap(([area, title]) => [
      '',
      `## ${title}`,
      ...CATALOGUE.filter(({ id }) => id.startsWith(area)).flatMap(section),
    ]),
    '',
  ].join('\n');
}
