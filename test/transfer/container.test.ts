import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { containerOf } from '../../src/transfer/files/container.js';
import { describe, type Playable, servePlayer } from '../../src/transfer/transfer.js';

const work = mkdtempSync(join(tmpdir(), 'p2pchat-test-'));
after(() => rmSync(work, { recursive: true, force: true }));

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

/** Tags of ID3v2 may stand before anything; players skip them. */
const tagged = (size: number, ...rest: (string | number[])[]): Buffer =>
  bytes('ID3', [4, 0, 0, 0, 0, size >> 7, size & 0x7f], [...new Uint8Array(size)], ...rest);

const ADDRESS = 'http://127.0.0.1:1/inside';
const LIST = `#EXTM3U\n${ADDRESS}\n`;

/** What asked an address of the sender's choosing, and what could. */
const LISTS: Readonly<Record<string, Uint8Array>> = {
  'holiday.m3u': bytes(LIST),
  'holiday.m3u8': bytes(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${ADDRESS}\n#EXT-X-ENDLIST\n`),
  'holiday.mp4': bytes(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${ADDRESS}\n`),
  'holiday.pls': bytes(`[playlist]\nFile1=${ADDRESS}\nNumberOfEntries=1\n`),
  'holiday.edl': bytes(`# mpv EDL v0\n${ADDRESS}\n`),
  'holiday.cue': bytes(`FILE "${ADDRESS}" WAVE\n`),
  'concat.mkv': bytes(`ffconcat version 1.0\nfile ${ADDRESS}\n`),
  'plain.avi': bytes(`${ADDRESS}\n`),
  'tagged.mp3': tagged(300, LIST),
  'twice.mp3': bytes(tagged(200, tagged(20, LIST).toString('latin1')).toString('latin1')),
  'wide.mp3': bytes([0xff, 0xfe], Buffer.from(LIST, 'utf16le').toString('latin1')),
  'bom.mp3': bytes([0xef, 0xbb, 0xbf], LIST),
  'scene.sdp': bytes(`v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n`),
  'menu.asx': bytes(`<asx version="3.0"><entry><ref href="${ADDRESS}"/></entry></asx>`),
  'empty.mp4': bytes(),
  'short.mkv': bytes([0x1a, 0x45, 0xdf]),
};

const packets = (first: number, size: number): number[] => {
  const all: number[] = Array.from({ length: 3 * size }, () => 1);
  for (const at of [0, 1, 2]) all[first + at * size] = 0x47;
  return all;
};

const FILMS: Readonly<Record<string, readonly [string, Uint8Array]>> = {
  mp4: ['video/mp4', bytes([0, 0, 0, 24], 'ftypisom', [0, 0, 2, 0])],
  mov: ['video/quicktime', bytes([0, 0, 0, 20], 'ftypqt  ', [0, 0, 2, 0])],
  'mp4 with its index at the end': ['video/mp4', bytes([0, 0, 0, 1], 'mdat', [0, 0, 0, 0])],
  mkv: ['video/x-matroska', bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f])],
  avi: ['video/x-msvideo', bytes('RIFF', [1, 2, 3, 4], 'AVI LIST')],
  wav: ['audio/wav', bytes('RIFF', [1, 2, 3, 4], 'WAVEfmt ')],
  ogg: ['application/ogg', bytes('OggS', [0, 2])],
  flac: ['audio/flac', bytes('fLaC', [0, 0])],
  mp3: ['audio/mpeg', bytes([0xff, 0xfb, 0x90, 0x64])],
  'mp3 with a tag': ['audio/mpeg', tagged(500, [0xff, 0xfb, 0x90, 0x64])],
  aac: ['audio/mpeg', bytes([0xff, 0xf1, 0x50, 0x80])],
  ts: ['video/mp2t', bytes(packets(0, 188))],
  m2ts: ['video/mp2t', bytes(packets(4, 192))],
  mpg: ['video/mpeg', bytes([0, 0, 1, 0xba, 0x44])],
};

const reading = (content: Uint8Array) => async (at: number, length: number) => content.subarray(at, at + length);

/** All of it here already, or coming only once somebody asks for it. */
async function playable(name: string, content: Uint8Array, come = true): Promise<Playable> {
  const path = join(work, name);
  writeFileSync(path, content);
  const { manifest } = await describe([path]);
  const more = new Set<() => void>();
  let here = come;
  return {
    ...{ manifest, file: 0, path: () => path },
    want: () => {
      here = true;
      setImmediate(() => {
        for (const listener of [...more]) listener();
      });
    },
    available: (from) => (here ? content.length - from : 0),
    onMore: (listener) => {
      more.add(listener);
      return () => more.delete(listener);
    },
  };
}

test('N7 nothing is a film by its name: lists of addresses are told from films by their first bytes', async () => {
  for (const [name, content] of Object.entries(LISTS))
    assert.equal(await containerOf(reading(content)), 'unknown', name);
  for (const [name, [type, content]] of Object.entries(FILMS)) {
    assert.equal(await containerOf(reading(content)), type, name);
  }
});

test('N7 what is no film is refused when it is here, and served to no player when it comes later', async () => {
  for (const [name, content] of Object.entries(LISTS)) {
    if (content.length === 0) continue;
    await assert.rejects(servePlayer(await playable(name, content), systemRandom), { code: 'not-playable' }, name);
    const server = await servePlayer(await playable(`later-${name}`, content, false), systemRandom);
    const answer = await fetch(server.url);
    assert.deepEqual([answer.status, await answer.text()], [415, ''], name);
    assert.doesNotMatch(server.url, /\.(?:m3u8?|pls|edl|cue|sdp|asx)$/, name);
    await server.close();
  }
});

test('N7 a film is served as what it is, not as what it is called', async () => {
  for (const [name, [type, content]] of Object.entries(FILMS)) {
    for (const come of [true, false]) {
      const server = await servePlayer(await playable(`${name}.m3u`, content, come), systemRandom);
      const answer = await fetch(server.url);
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], name);
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(content), name);
      assert.match(server.url, /\/film$/);
      await server.close();
    }
  }
});

test('the first bytes are read once, however many ranges a player asks for', async () => {
  const [, content] = FILMS.mkv!;
  for (const come of [true, false]) {
    const film = await playable('ranges', content, come);
    let opened = 0;
    const path = (): string => {
      opened++;
      return film.path();
    };
    const server = await servePlayer({ ...film, path }, systemRandom);
    for (let at = 0; at < content.length; at++) {
      const answer = await fetch(server.url, { headers: { range: `bytes=${at}-` } });
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(content.subarray(at)));
    }
    assert.equal(opened, 1 + content.length);
    await server.close();
  }
});
