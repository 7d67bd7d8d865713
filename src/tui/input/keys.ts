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

/** xterm's modifier parameter less one is a bit set: Shift 1, Alt 2, Ctrl 4. */
function withModifiers(name: string, parameter: number): string {
  const bits = Math.max(0, parameter - 1);
  return `${bits & 4 ? 'C-' : ''}${bits & 2 ? 'M-' : ''}${bits & 1 ? 'S-' : ''}${name}`;
}

/** The key of a C0 control or DEL. */
export function controlKey(character: string): string {
  const code = character.charCodeAt(0);
  return CONTROL[code] ?? `C-${String.fromCharCode(code + 96)}`;
}

/** The key of a character by its code point, for CSI u and modifyOtherKeys. */
function codeKey(code: number, modifiers: number): string {
  return withModifiers(CONTROL[code] ?? String.fromCodePoint(Math.min(code, 0x10ffff)).toLowerCase(), modifiers);
}

/** The key of a complete CSI or SS3 sequence, or undefined where it is none that is known. */
export function sequenceKey(sequence: string): string | undefined {
  const final = sequence.at(-1)!;
  const [first = 0, second = 0, third = 0] = sequence.slice(2, -1).split(';').map(Number);
  if (final === 'Z') return 'S-tab';
  if (final === 'u') return codeKey(first, second);
  if (final === '~' && first === 27) return codeKey(third, second);
  const name = final === '~' ? TILDE[first] : FINAL[final];
  return name === undefined ? undefined : withModifiers(name, second);
}
