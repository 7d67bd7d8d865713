import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type * as v from 'valibot';
import { Failure } from '../../src/base/errors.js';
import * as directoryGroupRows from '../../src/directory/groups/rows.js';
import * as directoryRows from '../../src/directory/rows.js';
import { openTables as openPeerTables } from '../../src/peer/storage/tables.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { type Codec, codec } from '../../src/wire/schema.js';
import { arbitraryOf } from '../support/arbitrary.js';

/** Whatever encodes, decodes: of every schema of the wire and of every row that is kept. */

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCodec = (value: unknown): value is Codec<unknown> =>
  isObject(value) && 'encode' in value && 'decode' in value && 'schema' in value;
const isSchema = (value: unknown): value is v.GenericSchema => isObject(value) && value.kind === 'schema';

/** The codecs, tables of methods and tables of notices among what a module exports. */
function codecsOf(exported: Record<string, unknown>, module: string): [string, Codec<unknown>][] {
  return Object.entries(exported).flatMap(([name, value]): [string, Codec<unknown>][] => {
    if (isCodec(value)) return [[`${module} ${name}`, value]];
    if (isSchema(value)) return [[`${module} ${name}`, codec(value, FRAME_BYTES)]];
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([method, of]): [string, Codec<unknown>][] => {
      if (isSchema(of)) return [[`${name} ${method}`, codec(of, FRAME_BYTES)]];
      if (!isObject(of)) return [];
      return (['params', 'result'] as const).flatMap((side) =>
        isSchema(of[side]) ? [[`${method} ${side}`, codec(of[side], FRAME_BYTES)] as [string, Codec<unknown>]] : [],
      );
    });
  });
}

async function wireCodecs(): Promise<[string, Codec<unknown>][]> {
  const folder = new URL('../../src/wire/', import.meta.url);
  const modules = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.js'));
  const found = modules.map(async (name) => codecsOf(await import(new URL(name, folder).href), name));
  return (await Promise.all(found)).flat();
}

const cipher = { seal: (_: string, row: Uint8Array) => row, open: (_: string, row: Uint8Array) => row, blind: String };
const store = openMemoryStore();
const tableCodecs = (tables: Record<string, { readonly codec: unknown }>, whose: string): [string, Codec<unknown>][] =>
  Object.entries(tables).map(([name, { codec }]) => [`${whose} ${name}`, codec as Codec<unknown>]);

const all = [
  ...(await wireCodecs()),
  ...tableCodecs(openPeerTables(store, cipher), 'peer'),
  ...tableCodecs(directoryRows.openTables(store), 'directory'),
  ...codecsOf(directoryRows, 'directory'),
  ...codecsOf(directoryGroupRows, 'directory'),
];

test('there are codecs to try', () => {
  const names = all.map(([name]) => name);
  for (const name of ['peer transfers', 'directory accounts', 'content.js contentCodec', 'mailbox.read result']) {
    assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`);
  }
});

for (const [name, { schema, encode, decode }] of all) {
  test(`N25 whatever encodes, decodes: ${name}`, () => {
    let decoded = 0;
    fc.assert(
      fc.property(arbitraryOf(schema), (value) => {
        let bytes: Uint8Array;
        try {
          bytes = encode(value);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'unencodable', String(error));
          return;
        }
        decode(bytes);
        decoded++;
      }),
      { numRuns: 120 },
    );
    assert.ok(decoded > 0, 'nothing was encoded at all');
  });
}
