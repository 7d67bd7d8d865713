import { sizeText } from '../base/size.js';
import { define } from './command.js';
import { messageCount } from './format-message.js';

/** By what the file is sealed; the words themselves stand on no line. */
const UNDER = {
  under: {
    type: 'choice',
    choices: ['phrase', 'passphrase'],
    fallback: 'phrase',
    flag: true,
    optional: true,
    about: 'what opens it: the recovery phrase of the account, or a passphrase for this file',
  },
} as const;

/** Wanted for `--under passphrase` alone. */
const passphraseIn = (args: object): string | undefined => (args as { readonly passphrase?: string }).passphrase;

export const backup = define({
  name: 'backup',
  slash: 'backup',
  slashTakes: { file: 'FILE' },
  parameters: {
    file: { type: 'path', about: 'the file; what is new is added to one that was written before' },
    ...UNDER,
    passphrase: {
      type: 'secret',
      about: 'Passphrase',
      twice: true,
      file: 'passphrase-file',
      when: { under: ['passphrase'] },
    },
  },
  about: 'Back up the history of your account on this device into one sealed file.',
  examples: { slash: '~/p2pchat.backup', shell: '/media/stick/p2pchat.backup' },

  async *run(peer, { file, ...args }) {
    const report = await peer.backups.write(file, passphraseIn(args));
    const isPhraseKnown = args.under === 'passphrase' || peer.account.recovery !== 'unseen';
    yield {
      event: 'backup' as const,
      ...report,
      under: args.under,
      ...(!isPhraseKnown && { phrase: 'unseen' as const }),
    };
  },

  lines: ({ mode, lines: count, path, bytes, phrase }) => [
    mode === 'new'
      ? `Backed up ${messageCount(count)} into ${path} (${sizeText(bytes)}).`
      : `Added ${messageCount(count)}, new or changed, to ${path} (${sizeText(bytes)}).`,
    'On a new machine: p2pchat restore FILE. Messages that disappear are not in it, nor are files themselves.',
    ...(phrase === undefined
      ? []
      : ['It opens with your recovery phrase, which was never shown here: /recovery shows it.']),
  ],
});

export const importBackup = define({
  name: 'import',
  slash: 'import',
  slashTakes: { file: 'FILE' },
  parameters: {
    file: { type: 'path', about: "a backup of this account, or what 'p2pchat export --signed' wrote" },
    ...UNDER,
    passphrase: { type: 'secret', about: 'Passphrase', file: 'passphrase-file', when: { under: ['passphrase'] } },
  },
  about: 'Take the history out of a backup of your account, or a signed export, and put it beside what is here.',
  examples: { slash: '~/p2pchat.backup', shell: 'p2pchat.backup' },

  async *run(peer, { file, ...args }) {
    yield { event: 'imported' as const, ...(await peer.backups.import(file, passphraseIn(args))) };
  },

  lines: ({ added, changed }) => [
    added + changed === 0
      ? 'Everything in it was here already.'
      : `Took in ${messageCount(added)} that were not here, and changes of ${changed} others.`,
  ],
});
