import { define } from './command.js';

const COLUMNS = 4;

/** `1 abandon   2 ability …`: four in a row. */
function numbered(words: readonly string[]): string[] {
  const cells = words.map((word, at) => `${String(at + 1).padStart(4)} ${word.padEnd(9)}`);
  const rows = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, row) => row * COLUMNS);
  return rows.map((from) =>
    cells
      .slice(from, from + COLUMNS)
      .join('')
      .trimEnd(),
  );
}

const NOTE = [
  'These 24 words are your account. Write them on paper, in order, and keep them where nobody else looks:',
  'whoever has them is you, to everybody, and no new password changes that.',
  'With them you get back in after a lost device or a forgotten password:',
  '  p2pchat login NAME --directory LINK --recover',
];

const CHECK = { slash: '/recovery check', shell: 'p2pchat recovery check', rpc: 'recovery check' } as const;

type Item =
  | { readonly event: 'recovery'; readonly step: 'show'; readonly user: string; readonly phrase: string }
  | { readonly event: 'recovery'; readonly step: 'check'; readonly user: string; readonly right: true };

export const recovery = define({
  name: 'recovery',
  slash: 'recovery',
  parameters: {
    step: {
      type: 'choice',
      choices: ['show', 'check'],
      fallback: 'show',
      optional: true,
      about: 'show the words, or check those you have written down',
    },
    password: { type: 'secret', about: 'Password', when: { step: ['show'] } },
    phrase: { type: 'secret', about: 'Recovery phrase', when: { step: ['check'] }, file: 'phrase-file' },
  },
  about: 'Show the 24 words that restore your account after a lost device or a forgotten password.',
  examples: { slash: '', shell: 'check --phrase-file words.txt' },

  async *run(peer, args): AsyncGenerator<Item> {
    const { user, account } = peer;
    const { step, password, phrase } = args as typeof args & { readonly password?: string; readonly phrase?: string };
    if (step === 'show') {
      yield { event: 'recovery', step, user, phrase: await account.recoveryPhrase(password ?? '') };
      return;
    }
    await account.checkRecoveryPhrase(phrase ?? '');
    yield { event: 'recovery', step, user, right: true };
  },

  lines: (item, { face }) =>
    item.step === 'show'
      ? [...numbered(item.phrase.split(' ')), '', ...NOTE, `Then see whether you have them right: ${CHECK[face]}`]
      : [`That is the recovery phrase of ${item.user}, word for word.`],
});
