/** How well the letters of one word fit, lower is better: as a beginning, of a word in it, inside, or one after the other. */
function rank(word: string, text: string): number | undefined {
  if (text.startsWith(word)) return text.length === word.length ? 0 : 1;
  const at = text.indexOf(word);
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]!) ? 3 : 2;
  let from = 0;
  for (const letter of word) {
    const found = text.indexOf(letter, from);
    if (found === -1) return undefined;
    from = found + letter.length;
  }
  return 4 + from / (text.length + 1);
}

/** How well a text fits what was typed, lower is better; undefined where a word of it doesn't fit at all. */
export function fitness(typed: string, text: string): number | undefined {
  const folded = text.toLowerCase().replace(/^[@#/]/, '');
  let sum = 0;
  for (const word of typed.toLowerCase().split(/\s+/)) {
    const sign = /^[@#/]/.test(word) ? word[0]! : '';
    if (sign !== '' && !text.startsWith(sign)) return undefined;
    const found = word === sign ? 0 : rank(word.slice(sign.length), folded);
    if (found === undefined) return undefined;
    sum += found;
  }
  return sum;
}
