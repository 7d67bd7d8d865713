import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryMethods, directoryNotices, enrolMethods } from '../../src/wire/directory.js';
import type { Schema } from '../../src/wire/schema.js';

/** What a schema of valibot shows of itself. */
interface Shown {
  readonly type: string;
  readonly entries?: Record<string, Shown>;
  readonly wrapped?: Shown;
  readonly item?: Shown;
  readonly options?: readonly Shown[];
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

/** Each list in what the schema describes, with its bound. */
function* lists(schema: Shown, path: string): Generator<[string, number | undefined]> {
  if (schema.type === 'array') {
    const most = schema.pipe?.find(({ type }) => type === 'max_length')?.requirement;
    yield [path, typeof most === 'number' ? most : undefined];
    yield* lists(schema.item!, path);
  }
  for (const [name, entry] of Object.entries(schema.entries ?? {}))
    yield* lists(entry, path ? `${path}.${name}` : name);
  if (schema.wrapped) yield* lists(schema.wrapped, path);
  for (const option of schema.options ?? []) if (typeof option === 'object') yield* lists(option, path);
}

const found = (schemas: Readonly<Record<string, Schema<unknown>>>) =>
  Object.entries(schemas).flatMap(([name, schema]) =>
    [...lists(schema as unknown as Shown, '')].map(([path, most]) => `${name}: \`${path}\` ${most}`),
  );

test('each list that the directory answers or tells with stands in docs/protocol.md, with its bound and with what holds it', () => {
  const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| ([a-z.]+: `[a-z.]+`) \| (\d+) \| \S.* \|$/gm)].map(
    ([, name, most]) => `${name} ${most}`,
  );
  const results = Object.fromEntries(
    Object.entries({ ...enrolMethods, ...directoryMethods }).map(([name, { result }]) => [
      name,
      result as Schema<unknown>,
    ]),
  );
  const all = [...found(results), ...found(directoryNotices)];
  assert.ok(all.length > 10);
  assert.deepEqual(rows.sort(), all.sort());
});
