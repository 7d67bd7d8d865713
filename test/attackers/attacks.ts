import type { Attack } from './attack.js';
import { FROM_A_PEER } from './from-a-peer.js';
import { FROM_THE_DIRECTORY } from './from-the-directory.js';
import { FROM_THE_NETWORK } from './from-the-network.js';

const inFile = (file: string, attacks: readonly Attack[]) => attacks.map((attack) => ({ ...attack, file }));

/** All there are: for the tests, each once; for `npm run attack`, in any order and again and again. */
export const ATTACKS: readonly (Attack & { readonly file: string })[] = [
  ...inFile('from-a-peer.ts', FROM_A_PEER),
  ...inFile('from-the-directory.ts', FROM_THE_DIRECTORY),
  ...inFile('from-the-network.ts', FROM_THE_NETWORK),
];
