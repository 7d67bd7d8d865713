/** C1, what hides or reorders, and line separators: harmless to a parser, not to a terminal which shows the JSON. */
const UNPRINTABLE = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JSON that means the same, and that a terminal shows as it is. */
export const harmlessJson = (json: string): string => json.replace(UNPRINTABLE, escaped);

/** One line of JSON that a terminal shows as it is. */
export const jsonLine = (value: unknown): string => harmlessJson(JSON.stringify(value));
