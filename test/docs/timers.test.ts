import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What makes a timer: by a scope, by a clock, again and again, or past them all. */
const MAKERS = [
  { calls: /\b[\w.#]*scope\.(?:after|pause)\(/g, place: 1 },
  { calls: /\b[\w.#]*[cC]lock\.after\(/g, place: 0 },
  { calls: /(?<![.\w])repeat\((?=\s*(?:clock|systemClock),)/g, place: 1 },
  { calls: /(?<![.\w])set(?:Timeout|Interval)\(/g, place: 1 },
  { calls: /(?<![.\w])sleep\(/g, place: 0 },
];

interface Timer {
  readonly file: string;
  /** How long, as the code says it. */
  readonly after: string;
  /** What it gives back is thrown away. */
  readonly dropped: boolean;
}

/** What stands between the commas of a call, from its opening parenthesis on. */
function argumentsFrom(text: string, from: number): string[] {
  const found: string[] = [];
  let [depth, start] = [0, from];
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char) && depth-- === 0) return [...found, text.slice(start, at)];
    else if (char === ',' && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return found;
}

const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();

function timersOf(file: string): Timer[] {
  const text = readFileSync(`${ROOT}${file}`, 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return MAKERS.flatMap(({ calls, place }) =>
    [...text.matchAll(calls)].map((call) => ({
      file,
      after: flat(argumentsFrom(text, call.index + call[0].length)[place] ?? ''),
      dropped:
        call[0].endsWith('lock.after(') &&
        !/(?:[=,(]|return)$/.test(text.slice(0, call.index).replace(/=>$/, '').trimEnd()),
    })),
  );
}

const all = ['src', 'bin']
  .flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
  .flatMap(timersOf);

const rows = readFileSync(`${ROOT}docs/timers.md`, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, file, after, why, ends] = /^\| `([^`]+)` \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
    return file === undefined ? [] : [{ file, after: after!, why: why!, ends: ends! }];
  });

const named = ({ file, after }: { file: string; after: string }): string => `${file}: ${after}`;

test('every timer in the sources has its row in docs/timers.md, and every row its timer', () => {
  assert.deepEqual(rows.map(named).sort(), all.map(named).sort());
});

test('only a timer that ends by itself drops what would end it', () => {
  const loose = all.filter(({ dropped }) => dropped).map(named);
  const allowed = new Set(rows.filter(({ ends }) => ends.startsWith('itself')).map(named));
  assert.deepEqual(
    loose.filter((timer) => !allowed.has(timer)),
    [],
  );
  assert.ok(loose.length > 0, 'the pattern still finds those there are');
});
