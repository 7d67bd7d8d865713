import { readFileSync } from 'node:fs';

/** Name and version of this program, as told to directories and peers. The compiled file lies in dist/src/peer. */
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const agent = `p2pchat/${version}`;
