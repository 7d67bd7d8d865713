import encodeQR from 'qr';

/** Two rows of modules in one row of text; light ones are drawn, as a dark terminal needs it. */
const HALVES = { '11': '█', '10': '▀', '01': '▄', '00': ' ' } as const;

/**
 * A QR code with its quiet zone, for a terminal: one character is one module wide and two high.
 * @param correction how much of it may be hidden; a screen shows all of it, so the least will do
 */
export function qrLines(text: string, correction: 'low' | 'medium' = 'medium'): string[] {
  const dark = encodeQR(text, 'raw', { border: 2, ecc: correction });
  const light = (x: number, y: number): '0' | '1' => (dark[y]?.[x] ? '0' : '1');
  const rows = Array.from({ length: Math.ceil(dark.length / 2) }, (_, row) => row * 2);
  return rows.map((y) => dark.map((_, x) => HALVES[`${light(x, y)}${light(x, y + 1)}`]).join(''));
}
