const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a shell takes it: `#lobby` alone would be a comment. */
export const shellWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
