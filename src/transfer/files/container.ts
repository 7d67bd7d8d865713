/**
 * What a film or a piece of music is, by its first bytes. A player that is handed something else might take it for a list of
 * addresses and ask them; so only what is certainly one of these is handed over, whatever it is called.
 */

/** Bytes from a place on, as many as there are; undefined where they haven't come yet. */
export type ReadAt = (at: number, length: number) => Promise<Uint8Array | undefined>;

const HEAD_BYTES = 400;
const ID3_HEADER = 10;
/** Tags one behind the other: players skip them, so what counts is what comes behind. */
const MOST_TAGS = 4;

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

const MP4_BOXES = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot']);
const QUICKTIME_BRAND = 'qt  ';

/** MPEG audio of layer II or III, or ADTS. Layer I is left out: its first bytes are those of a text in UTF-16, too. */
function isAudioFrame(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return false;
  const layer = (second >> 1) & 3;
  if (layer === 0) return (second & 0xf6) === 0xf0 && ((third >> 2) & 15) < 13;
  return layer < 3 && ((second >> 3) & 3) !== 1 && third >> 4 !== 15 && ((third >> 2) & 3) !== 3;
}

const isTransportStream = (head: Uint8Array, first: number, packet: number): boolean =>
  [0, 1].every((number) => head[first + number * packet] === 0x47) && head.length > first + packet;

/** The media type; undefined where it is none that is known. */
function typeOf(head: Uint8Array): string | undefined {
  const four = ascii(head, 0, 4);
  if (MP4_BOXES.has(ascii(head, 4, 8))) {
    return ascii(head, 8, 12) === QUICKTIME_BRAND ? 'video/quicktime' : 'video/mp4';
  }
  if (four === '\x1a\x45\xdf\xa3') return head.length > 4 ? 'video/x-matroska' : undefined;
  if (four === 'RIFF') return { 'AVI ': 'video/x-msvideo', WAVE: 'audio/wav' }[ascii(head, 8, 12)];
  if (four === 'FORM') return ['AIFF', 'AIFC'].includes(ascii(head, 8, 12)) ? 'audio/aiff' : undefined;
  if (four === 'OggS') return 'application/ogg';
  if (four === 'fLaC') return 'audio/flac';
  if (four === 'FLV\x01') return 'video/x-flv';
  if (four === '\x00\x00\x01\xba') return 'video/mpeg';
  if (isTransportStream(head, 0, 188) || isTransportStream(head, 4, 192)) return 'video/mp2t';
  return isAudioFrame(head) ? 'audio/mpeg' : undefined;
}

/** The length of an ID3v2 tag with its header, as players skip it; undefined where there is none. */
function tagLength(head: Uint8Array): number | undefined {
  if (ascii(head, 0, 3) !== 'ID3' || head.length < ID3_HEADER) return undefined;
  const size = head.subarray(6, ID3_HEADER).reduce((sum, byte) => (sum << 7) | (byte & 0x7f), 0);
  return ID3_HEADER + size + (head[5]! & 0x10 ? ID3_HEADER : 0);
}

/**
 * The media type of what begins there; 'unknown' where it is no film and no music, 'not-here' where that can't be said yet.
 */
export async function containerOf(read: ReadAt): Promise<string> {
  let at = 0;
  for (let tags = 0; tags <= MOST_TAGS; tags++) {
    const head = await read(at, HEAD_BYTES);
    if (head === undefined) return 'not-here';
    const tag = tagLength(head);
    if (tag === undefined) return typeOf(head) ?? 'unknown';
    at += tag;
  }
  return 'unknown';
}
