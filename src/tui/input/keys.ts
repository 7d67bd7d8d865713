/**
 * Names of keys: `a`, `enter`, `up`, with `C-`, `M-`, `S-` before them in that order for Ctrl, Alt and Shift.
 * After xterm's control sequences ("PC-Style Function Keys") and the CSI u form.
 */
const FINAL: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'clear',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

const TILDE: Readonly<Record<number, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};

const CONTROL: Readonly<Record<number, string>> = {
  0: 'C-space',
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'escape',
  28: 'C-\\',
  29: 'C-]',
  30: 'C-^',
  31: 'C-_',
  32: 'space',
  127: 'backspace',
};

/** kitty's keys of the keypad, and those that have no other number there. */
const KEYPAD: Readonly<Record<number, string>> = {
  ...Object.fromEntries(Array.from({ length: 10 }, (_, digit) => [57_399 + digit, String(digit)])),
  ...{ 57409: '.', 57410: '/', 57411: '*', 57412: '-', 57413: '+', 57414: 'enter', 57415: '=', 57416: ',' },
  ...{ 57417: 'left', 57418: 'right', 57419: 'up', 57420: 'down', 57421: 'pageup', 57422: 'pagedown' },
  ...{ 57423: 'home', 57424: 'end', 57425: 'insert', 57426: 'delete', 57427: 'clear' },
};

/** xterm's modifier parameter less one is a bit set: Shift 1, Alt 2, Ctrl 4. */
function withModifiers(name: string, parameter: number): string {
  const bits = Math.max(0, parameter - 1) & 7;
  return `${bits & 4 ? 'C-' : ''}${bits & 2 ? 'M-' : ''}${bits & 1 ? 'S-' : ''}${name}`;
}

/** The key of a C0 control or DEL. */
export function controlKey(character: string): string {
  const code = character.charCodeAt(0);
  return CONTROL[code] ?? `C-${String.fromCharCode(code + 96)}`;
}

/** Nobody could read the others in a key's name: controls, spaces, halves of pairs, and where kitty puts other keys. */
const isReadable = (code: number): boolean => code <= 0x10ffff && /^[^\p{C}\p{Z}]$/u.test(String.fromCodePoint(code));

/** The key of Escape before a character; undefined where no key gives that. */
export function escapedKey(character: string): string | undefined {
  const code = character.codePointAt(0)!;
  const name = isReadable(code) ? character : code <= 32 || code === 127 ? controlKey(character) : undefined;
  return name === undefined ? undefined : `M-${name}`;
}

/** The key of a character by its code point, for CSI u and modifyOtherKeys; undefined where it is none. */
function codeKey(code: number, modifiers: number): string | undefined {
  const name =
    CONTROL[code] ?? KEYPAD[code] ?? (isReadable(code) ? String.fromCodePoint(code).toLowerCase() : undefined);
  return name === undefined ? undefined : withModifiers(name, modifiers);
}

/** kitty tells of a key let go, where it was asked to. */
const RELEASE = 3;
const MOST = 0x7fffffff;

/** Each parameter with its parts, which colons separate; 0 for what is left out or is no number. */
const parametersOf = (text: string): number[][] =>
  text
    .split(';')
    .map((parameter) => parameter.split(':').map((part) => Math.min(MOST, Number(part.replace(/^[<=>?]/, '')) || 0)));

/** The key of a complete CSI or SS3 sequence, or undefined where it is none that is known. */
export function sequenceKey(sequence: string): string | undefined {
  const final = sequence.at(-1)!;
  const [[first = 0] = [], [second = 0, event = 0] = [], [third = 0] = []] = parametersOf(sequence.slice(2, -1));
  if (event === RELEASE) return undefined;
  if (final === 'Z') return 'S-tab';
  if (final === 'u') return codeKey(first, second);
  if (final === '~' && first === 27) return codeKey(third, second);
  const name = final === '~' ? TILDE[first] : FINAL[final];
  return name === undefined ? undefined : withModifiers(name, second);
}
