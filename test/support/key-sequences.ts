/**
 * What terminals are known to send, from the published lists: xterm's control sequences (PC-style keys, modifyOtherKeys,
 * mouse modes 9, 1000, 1005, 1006 and 1015, focus, bracketed paste, answers to queries), CSI u, kitty's keyboard protocol with
 * all of its fields, rxvt, the Linux console. Not all of it is asked for by this program; all of it may come.
 */

const MODIFIERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 33, 65, 129, 256];
const LETTERS = [...'ABCDEFHPQRS'];
const TILDES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 34, 57427];
const CODES = [0, 8, 9, 13, 27, 32, 35, 97, 65, 127, 128, 223, 233, 1089, 4352, 55296, 57343, 57344, 57358, 57363];
const MORE_CODES = [
  57376, 57398, 57399, 57414, 57427, 57441, 57454, 63743, 65533, 65535, 128512, 1114111, 1114112, 4294967296,
];

function* kitty(): Generator<string> {
  for (const code of [...CODES, ...MORE_CODES]) {
    yield `\x1b[${code}u`;
    for (const modifier of MODIFIERS) {
      yield `\x1b[${code};${modifier}u`;
      for (const event of [1, 2, 3, 4]) yield `\x1b[${code};${modifier}:${event}u`;
    }
    yield `\x1b[${code}:65;2u`;
    yield `\x1b[${code}:65:99;2:1;65u`;
    yield `\x1b[${code}::99;;229u`;
    yield `\x1b[${code};;97:98:99u`;
    yield `\x1b[${code}:;:;:u`;
  }
  yield* ['\x1b[?0u', '\x1b[?31u', '\x1b[=1;1u', '\x1b[<u', '\x1b[>1u', '\x1b[u', '\x1b[;u', '\x1b[:u', '\x1b[::::u'];
}

function* xterm(): Generator<string> {
  for (const letter of LETTERS) {
    yield `\x1b[${letter}`;
    yield `\x1bO${letter}`;
    yield `\x1b\x1b[${letter}`;
    for (const modifier of MODIFIERS) {
      yield `\x1b[1;${modifier}${letter}`;
      yield `\x1bO${modifier}${letter}`;
      for (const event of [1, 2, 3]) yield `\x1b[1;${modifier}:${event}${letter}`;
    }
  }
  for (const tilde of TILDES) {
    yield* [`\x1b[${tilde}~`, `\x1b[${tilde}^`, `\x1b[${tilde}$`, `\x1b[${tilde}@`];
    for (const modifier of MODIFIERS) yield* [`\x1b[${tilde};${modifier}~`, `\x1b[${tilde};${modifier}:3~`];
  }
  for (const code of [...CODES, ...MORE_CODES]) {
    for (const modifier of MODIFIERS) yield `\x1b[27;${modifier};${code}~`;
  }
  yield* ['\x1b[Z', '\x1b[1;2Z', '\x1b[[A', '\x1b[[E', '\x1b[a', '\x1bOa', '\x1bOM', '\x1bOj', '\x1b[27~', '\x1b[27;~'];
}

function* mouse(): Generator<string> {
  for (const button of [0, 1, 2, 3, 4, 16, 32, 35, 64, 65, 66, 67, 128, 131, 999999999999]) {
    for (const at of ['1;1', '0;0', '99999999999;99999999999', ';', '1:2;3']) {
      yield* [`\x1b[<${button};${at}M`, `\x1b[<${button};${at}m`, `\x1b[${button};${at}M`];
    }
  }
  yield* ['\x1b[M !!', '\x1b[M#\x7f\x7f', '\x1b[M\x00\x00\x00', '\x1b[M\u00a0\u0107\u0207', '\x1b[T!!!!!!', '\x1b[t!!'];
}

const OTHERS = [
  ...['\x1b[I', '\x1b[O', '\x1b[200~text\r\n\x1b[A\x1b[201~', '\x1b[200~\x1b[200~\x1b[201~', '\x1b[201~'],
  ...['\x1b[?1;2c', '\x1b[>41;354;0c', '\x1b[0n', '\x1b[24;80R', '\x1b[?2026;2$y', '\x1b[8;24;80t', '\x1b[?997;1n'],
  ...['\x1b]11;rgb:0000/0000/0000\x1b\\', '\x1b]10;rgb:ffff/ffff/ffff\x07', '\x1bP>|kitty(0.40)\x1b\\'],
  ...['\x1bP1+r544e=787465726d\x1b\\', '\x1bP1$r0m\x1b\\', '\x1b_Gi=31;OK\x1b\\', '\x1b[48;24;80;480;800t'],
];

export const KEY_SEQUENCES: readonly string[] = [...kitty(), ...xterm(), ...mouse(), ...OTHERS];

/** The name of a key, such that a person could read it. */
export const KEY_NAME = /^(?:[CMS]-)*(?:[a-z]+\d*|[^\p{C}\p{Z}])$/u;
