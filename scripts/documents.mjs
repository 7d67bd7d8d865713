// Writes the pages of docs/ that are made from tables in the code; with --check it only says which are out of date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../dist/src/base/errors/code.js';
import { AREAS } from '../dist/src/base/errors/codes.js';
import { EVENTS } from '../dist/src/peer/api/event-table.js';
import { commandsPage } from './commands-page.mjs';
import { securityTests } from './security-tests.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const cell = (text) => text.replaceAll('|', '\\|');

function errors() {
  const areas = Object.entries(AREAS).flatMap(([title, codes]) => [
    '',
    `## ${title}`,
    '| code | class | status | what happened | next step |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(codes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([code, [reason, what, next]]) =>
          `| \`${code}\` | ${reason} | ${EXIT[reason]} | ${cell(what)} | ${cell(next)} |`,
      ),
  ]);
  return [
    '# Errors',
    '',
    'Every failure has a code, which stays the same and may be matched on, and a class, which decides the exit status of a',
    'shell command. With `--json` both stand in the `error` event; over JSON-RPC they stand in `data` of the error. The',
    'message at hand is often more precise than the words below.',
    '',
    'Made from `src/base/errors/` by `node scripts/documents.mjs`.',
    ...areas,
    '',
  ].join('\n');
}

function events() {
  const all = Object.entries(EVENTS).flatMap(([name, { about, fields }]) => [
    '',
    `## \`${name}\``,
    about,
    '',
    '| field | what it is |',
    '| --- | --- |',
    ...Object.entries(fields).map(([field, what]) => `| \`${field}\` | ${cell(what)} |`),
  ]);
  return [
    '# Events',
    '',
    'What `listen --json`, `login --json`, RPC subscriptions and bots are told: one JSON object a line, `event` says which.',
    'Fields that say nothing are absent; unknown ones are to be ignored. Times are RFC 3339, UTC, with milliseconds.',
    '',
    'Made from `src/peer/api/event-table.ts` by `node scripts/documents.mjs`.',
    ...all,
    '',
  ].join('\n');
}

function decisions() {
  const folder = join(root, 'docs', 'decisions');
  const rows = readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.md$/.test(name))
    .sort()
    .map((name) => {
      const [, title] = /^# (?:\d{3}:? )?(.+)$/m.exec(readFileSync(join(folder, name), 'utf8'));
      const number = name.slice(0, 3);
      return `| [${number}](${name}) | ${cell(title)} |`;
    });
  return [
    '# Decisions',
    '',
    'What was decided and why, each with what it costs. A title says what was decided; a file keeps the name it was made with.',
    'A decision that no longer holds is changed in place, so that these pages say what is so today.',
    '',
    'Made from the titles by `node scripts/documents.mjs`.',
    '',
    '| number | decision |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const PAGES = {
  'docs/commands.md': commandsPage,
  'docs/errors.md': errors,
  'docs/events.md': events,
  'docs/security-tests.md': () => securityTests(root),
  'docs/decisions/README.md': decisions,
};

const check = process.argv.includes('--check');
let stale = 0;
for (const [file, make] of Object.entries(PAGES)) {
  const path = join(root, file);
  const text = await make();
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale++;
  if (check) console.error(`${file} is not what its tables say: run node scripts/documents.mjs`);
  else writeFileSync(path, text);
}
process.exit(check && stale > 0 ? 1 : 0);
