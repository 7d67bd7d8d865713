/** A mouse button or wheel; motion is never asked for and never reported. Cells count from 0. */
export interface MouseInput {
  readonly type: 'mouse';
  readonly action: 'press' | 'release' | 'wheelup' | 'wheeldown';
  readonly button: number;
  readonly x: number;
  readonly y: number;
}

const MOTION = 32;
const WHEEL = 64;

/** A report in SGR form (mode 1006); undefined for motion and for wheels sideways. */
export function sgrMouse(code: number, column: number, row: number, press: boolean): MouseInput | undefined {
  if ((code & MOTION) !== 0) return undefined;
  const at = { type: 'mouse', x: Math.max(0, column - 1), y: Math.max(0, row - 1) } as const;
  if ((code & WHEEL) === 0) return { ...at, action: press ? 'press' : 'release', button: code & 3 };
  if ((code & 3) > 1) return undefined;
  return { ...at, action: (code & 3) === 0 ? 'wheelup' : 'wheeldown', button: 0 };
}

/** A report in X10 form: `CSI M` and three characters, each 32 above its value. Its release names no button. */
export function x10Mouse(sequence: string): MouseInput | undefined {
  const [code = 0, column = 1, row = 1] = Array.from(sequence.slice(3), (character) => character.charCodeAt(0) - 32);
  const release = (code & (WHEEL | 3)) === 3;
  return sgrMouse(code, column, row, !release);
}
