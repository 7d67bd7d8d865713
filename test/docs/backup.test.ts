import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { recordCodec } from '../../src/peer/backup/record.js';

interface Shown {
  readonly type: string;
  readonly literal?: string;
  readonly entries?: Readonly<Record<string, Shown>>;
  readonly options?: readonly Shown[];
}

test('every kind of record in a backup stands in docs/protocol.md with its fields, and nothing else does', () => {
  const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  const section = /^## Backups$(.*?)^## /ms.exec(text)?.[1] ?? '';
  const table = section.slice(section.indexOf('| kind of record'));
  const documented = [...table.matchAll(/^\| ([a-z]+) \| ([^|]*) \|/gm)].map(([, kind, fields = '']) => [
    kind,
    [...fields.matchAll(/`([A-Za-z]+\??)`/g)].map(([, field]) => field).sort(),
  ]);
  const { options = [] } = recordCodec.schema as unknown as Shown;
  const actual = options.map(({ entries: { kind, ...fields } = {} }) => [
    kind?.literal,
    Object.entries(fields)
      .map(([field, { type }]) => (type === 'optional' ? `${field}?` : field))
      .sort(),
  ]);
  const byKind = (one: unknown[], other: unknown[]): number => String(one[0]).localeCompare(String(other[0]));
  assert.deepEqual(documented.sort(byKind), actual.sort(byKind));
});
