import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { randomBelow } from '../../../src/base/random.js';
import { exportHistory } from '../../../src/commands/export.js';
import { ExportVerifier } from '../../../src/crypto/signed-export.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { parseLink } from '../../../src/wire/link.js';
import type { ExportedLine, ExportRecord } from '../../../src/wire/signed-export.js';
import { Workshop } from '../../support/processes.js';
import { seededRandom } from '../../support/random.js';
import { errorCode } from '../../support/stage.js';
import { Town, watch } from '../../support/town.js';

const workshop = new Workshop();
let town: Town;
let fingerprint = '';
let bob: PeerApi;
let lobby: readonly ExportRecord[];
let random: readonly ExportRecord[];
after(() => Promise.all([town.close(), workshop.close()]));

async function exported(peer: PeerApi, group: string): Promise<ExportRecord[]> {
  const records: ExportRecord[] = [];
  for await (const record of peer.backups.exportSigned(group)) records.push(record);
  return records;
}

const context = { face: 'shell', commands: [], now: () => 0 } as const;
const written = (name: string, records: readonly ExportRecord[]): string => {
  const path = join(workshop.folder, name);
  writeFileSync(path, records.map((record) => `${exportHistory.lines(record, context)[0]}\n`).join(''));
  return path;
};

function verify(records: readonly ExportRecord[], directory = fingerprint): readonly ExportedLine[] {
  const verifier = new ExportVerifier(directory);
  const lines = records.flatMap((record) => verifier.take(JSON.parse(JSON.stringify(record))) ?? []);
  verifier.finish();
  return lines;
}

before(async () => {
  town = await Town.build();
  fingerprint = parseLink(town.link).fingerprint;
  const ann = await town.owner('ann');
  bob = await town.settle('bob');
  const atBob = watch(bob);
  for (const room of ['lobby', 'random']) for (const peer of [ann, bob]) await peer.groups.join(room);
  const said = async (peer: PeerApi, room: string, text: string): Promise<string> => {
    const { id } = await peer.send(`#${room}`, text);
    await peer.waitFor(id, 'stored', 10_000);
    return id;
  };
  const edited = await said(ann, 'lobby', 'the frist, in other words');
  await ann.changes.edit(edited, 'the first');
  await said(bob, 'lobby', 'wörds of bob 👋');
  const gone = await said(ann, 'lobby', 'taken back');
  await ann.changes.remove(gone);
  await said(ann, 'random', 'elsewhere');
  await said(ann, 'lobby', 'the last');
  await atBob.message('the last');
  [lobby, random] = [await exported(bob, 'lobby'), await exported(bob, 'random')];
  await ann.close();
});

test('a signed export has what is shown, each line by its author, and is verified offline with the fingerprint alone', async () => {
  assert.deepEqual(
    verify(lobby).map(({ from, text }) => [from, text]),
    [
      ['ann', 'the first'],
      ['bob', 'wörds of bob 👋'],
      ['ann', 'the last'],
    ],
  );
  assert.ok(!/in other words|taken back/.test(Buffer.from(JSON.stringify(lobby)).toString()));
  const contents = lobby.flatMap((record) =>
    record.part === 'line' ? [Buffer.from(record.content, 'base64url')] : [],
  );
  assert.ok(!contents.some((content) => /other words|taken back/.test(content.toString('latin1'))));
  const words = ['verify-export', written('lobby.jsonl', lobby), '--json', '--fingerprint', fingerprint];
  const { status, events, stdout } = await workshop.run(words, { home: workshop.folder });
  assert.deepEqual([status, events[0]?.group, events[0]?.lines, events[0]?.by], [0, '#lobby', 3, 'bob'], stdout);
  await assert.rejects(exported(bob, 'nowhere'));
});

const at = (n: number): number => lobby.findIndex((record) => record.part === 'line') + n;
const changed = (n: number, change: Partial<ExportedLine>): ExportRecord[] =>
  lobby.map((record, index) => (index === at(n) ? ({ ...record, ...change } as ExportRecord) : record));
const line = (records: readonly ExportRecord[], n: number): ExportedLine =>
  records.filter((record): record is ExportedLine => record.part === 'line')[n]!;
const numbered = (records: readonly ExportRecord[]): ExportRecord[] => records.map((record, n) => ({ ...record, n }));

const TAMPERED: readonly (readonly [what: string, code: string, records: () => readonly ExportRecord[]])[] = [
  ['words', 'export-line-changed', () => changed(1, { text: 'what bob never said' })],
  ['content', 'export-line-changed', () => changed(2, { content: line(lobby, 1).content, text: line(lobby, 1).text })],
  ['epoch', 'export-line-changed', () => changed(1, { epoch: line(lobby, 1).epoch + 1 })],
  ['time', 'export-altered', () => changed(1, { at: 1 })],
  ['author', 'export-author', () => changed(1, { from: 'ann' })],
  ['a stranger', 'export-author', () => changed(1, { from: 'eve' })],
  ['dropped', 'export-gap', () => lobby.filter((_, index) => index !== at(1))],
  ['an act dropped', 'export-gap', () => lobby.filter((_, index) => index !== 2)],
  ['dropped and numbered anew', 'export-altered', () => numbered(lobby.filter((_, index) => index !== at(1)))],
  ['moved', 'export-reordered', () => [...lobby.slice(0, at(1)), lobby[at(2)]!, lobby[at(1)]!, ...lobby.slice(at(3))]],
  ['twice', 'export-reordered', () => [...lobby.slice(0, at(1)), lobby[at(0)]!, ...lobby.slice(at(1))]],
  ['another room', 'export-other-room', () => changed(1, { ...line(random, 0), n: lobby[at(1)]!.n })],
  [
    'another room under the name of this one',
    'export-line-changed',
    () => changed(1, { ...line(random, 0), n: lobby[at(1)]!.n, room: line(lobby, 0).room }),
  ],
  ['cut', 'export-truncated', () => lobby.slice(0, -1)],
  ['more behind its end', 'export-altered', () => [...lobby, lobby[at(0)]!]],
  [
    'the name of the room',
    'export-altered',
    () => [{ ...lobby[0]!, name: 'secrets' } as ExportRecord, ...lobby.slice(1)],
  ],
  ['no export', 'export-invalid', () => lobby.slice(1)],
];

for (const [what, code, records] of TAMPERED) {
  test(`a signed export that was tampered with says so by its own word: ${what}`, () => {
    assert.throws(() => verify(records()), { code });
  });
}

test('whichever byte of a signed export is another one, it is told as a fault of the export', () => {
  const text = lobby.map((record) => JSON.stringify(record)).join('\n');
  const chance = seededRandom('bytes of an export');
  const told = new Set<unknown>();
  for (let tries = 0; tries < 600; tries++) {
    const bytes = Buffer.from(text);
    const place = randomBelow(chance, bytes.length);
    bytes[place]! ^= 1 << randomBelow(chance, 7);
    try {
      const said = verify(
        bytes
          .toString('utf8')
          .split('\n')
          .map((each) => JSON.parse(each)),
      );
      assert.fail(`nobody noticed byte ${place}: ${JSON.stringify(said).slice(0, 80)}`);
    } catch (error) {
      // JSON that is none is told by whoever reads the lines.
      if (!(error instanceof SyntaxError)) told.add((error as { code?: unknown }).code);
    }
  }
  const known = /^(export-[a-z-]+|act-forged|certificate-untrusted|certificate-profile|identity-statement)$/;
  for (const code of told) assert.match(String(code), known);
});

test('an export of another directory, or one that was tampered with, ends verify-export and import with status 6', async () => {
  assert.throws(
    () =>
      verify(
        lobby,
        fingerprint.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')),
      ),
    {
      code: 'export-other-directory',
    },
  );
  const path = written('changed.jsonl', changed(1, { text: 'what bob never said' }));
  const ended = await workshop.run(['verify-export', path, '--json', '--fingerprint', fingerprint], {
    home: workshop.folder,
  });
  assert.deepEqual([ended.status, errorCode(ended)], [6, 'export-line-changed']);
  const dan = await town.settle('dan');
  await assert.rejects(dan.backups.import(path), { code: 'export-line-changed' });
  assert.deepEqual(await dan.history({ conversation: '#lobby' }), []);
  const whole = written('whole.jsonl', lobby);
  assert.equal((await dan.backups.import(whole)).added, 3);
  const seen = (await dan.history({ conversation: '#lobby' })).map(({ from, text }) => [from, text]);
  assert.deepEqual(
    seen.map(([from]) => from),
    ['ann', 'bob', 'ann'],
  );
  assert.deepEqual([seen[0]?.[1], seen[2]?.[1]], ['the first', 'the last']);
  assert.equal((await dan.backups.import(whole)).added, 0);
  // Where they are there already, nothing comes twice, and nothing that has gone comes back.
  assert.equal((await bob.backups.import(whole)).added, 0);
});
