import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/base/errors.js';
import * as directoryGroupRows from '../../src/directory/groups/rows.js';
import * as directoryRows from '../../src/directory/rows.js';
import { openTables as openPeerTables } from '../../src/peer/storage/tables.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Codec } from '../../src/wire/schema.js';
import { arbitraryOf } from '../support/arbitrary.js';
import { codecsOf, wireCodecs } from '../support/wire-codecs.js';

/** Whatever encodes, decodes: of every schema of the wire and of every row that is kept. */

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
