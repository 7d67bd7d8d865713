import reshaper from 'arabic-persian-reshaper';
import type { Glyph } from './glyphs.js';

/*
 * The library shapes strings of code units and has two faults: with marks between lam and alef it loses the mark, and
 * its Persian table answers lam with a hamza or madda on the alef by NUL. So it is given base letters only, and those
 * pairs by the Arabic table.
 */
const ARABIC = /[\u0620-\u06ff]/;
const LAM_ALEF_VARIANT = /\u0644[\u0622\u0623\u0625]/;
const LIGATURE = /[\ufef5-\ufefc]/;

const marksOf = (glyph: Glyph): string => glyph.text.slice(1).replace(/\u200c|\u200d/g, '');

/** Breaks a grapheme's joining to the next one where it ends with a ZWNJ. */
const baseOf = (glyph: Glyph): string => (glyph.text.endsWith('\u200c') ? `${glyph.text[0]}\u200c` : glyph.text[0]!);

/**
 * Arabic and Persian letters in their contextual forms, for terminals that don't join letters. Lam and alef become one
 * glyph, so the result may be shorter; offsets still speak of the logical text.
 */
export function shape(glyphs: readonly Glyph[]): readonly Glyph[] {
  if (!glyphs.some((glyph) => ARABIC.test(glyph.text))) return glyphs;
  const bases = glyphs.map(baseOf).join('');
  const table = LAM_ALEF_VARIANT.test(bases) ? reshaper.ArabicShaper : reshaper.PersianShaper;
  const shaped = table.convertArabic(bases);
  const out: Glyph[] = [];
  let unit = 0;
  for (let at = 0; at < glyphs.length; at++) {
    const glyph = glyphs[at]!;
    const form = shaped[unit++] ?? '';
    if (glyph.text.endsWith('\u200c')) unit++;
    if (!ARABIC.test(glyph.text)) {
      out.push(glyph);
    } else if (LIGATURE.test(form) && at + 1 < glyphs.length) {
      const alef = glyphs[++at]!;
      if (alef.text.endsWith('\u200c')) unit++;
      out.push({ ...glyph, text: form + marksOf(glyph) + marksOf(alef), to: alef.to });
    } else {
      out.push({ ...glyph, text: form + marksOf(glyph) });
    }
  }
  return out;
}
