import { define } from './command.js';
import { field } from './format-message.js';
import { qrLines } from './qr.js';

const plain = (digits: string): string => digits.replace(/\s+/g, '');

/** Twelve groups of five, four a line: as much as one reads aloud in a breath. */
const readable = (digits: string): string[] =>
  (plain(digits).match(/.{1,20}/g) ?? []).map((line) => `  ${line.replace(/(.{5})(?=.)/g, '$1 ')}`);

const STATE = {
  new: 'not verified yet',
  verified: 'verified',
  changed: 'CHANGED: nothing is sent until you accept it',
} as const;

const NEXT = {
  new: (user: string, verb: string) =>
    `Read the number to ${user} over another channel. The same there? Then: ${verb} ${user} confirm`,
  verified: () => undefined,
  changed: (user: string, verb: string) => `Ask ${user} over another channel why. Then: ${verb} ${user} accept`,
} as const;

export const verify = define({
  name: 'verify',
  slash: 'verify',
  parameters: {
    user: { type: 'user', about: 'whose identity' },
    step: {
      type: 'choice',
      choices: ['confirm', 'accept'],
      optional: true,
      about: 'confirm: the numbers are the same; accept: the changed identity is right',
    },
    number: {
      type: 'words',
      flag: true,
      optional: true,
      about: 'with accept: the safety number that was compared; without, the one last shown on this device',
    },
    qr: { type: 'switch', flag: true, optional: true, about: 'the number as a QR code, too, for a telephone to read' },
  },
  slashTakes: { user: 'USER', step: 'STEP', qr: 'QR' },
  about: 'Show the safety number to compare with a person, and record that it matched.',
  examples: { slash: 'bob', shell: 'bob confirm' },

  async *run(peer, { user, step, number, qr }) {
    if (step === 'confirm') await peer.confirm(user);
    if (step === 'accept') await peer.acceptIdentity(user, number);
    const { trust, ...rest } = await peer.verification(user);
    yield {
      event: 'trust' as const,
      ...rest,
      change: trust,
      ...(qr === true && { qr: qrLines(plain(rest.safetyNumber)) }),
    };
  },

  lines({ user, safetyNumber, change, qr = [] }, { face }) {
    const name = field(user);
    const next = NEXT[change](name, face === 'slash' ? '/verify' : 'p2pchat verify');
    return [`${name}: ${STATE[change]}`, ...readable(safetyNumber), ...qr, ...(next === undefined ? [] : [next])];
  },
});
