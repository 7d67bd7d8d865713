/** What may stand in the place of the word before the caret: the text from `from` to the caret. */
export interface Completion {
  readonly from: number;
  /** Whole replacements, best first; one that ends with a space or slash says itself whether more is to come. */
  readonly options: readonly string[];
}

export type Completer = (text: string, cursor: number) => Completion | undefined;

/** The longest beginning that all have in common, compared without regard to case. */
export function commonPrefix(options: readonly string[]): string {
  const [first = '', ...others] = options;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same]?.toLowerCase() === other[same]?.toLowerCase()) same++;
    length = same;
  }
  return first.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
