import { Failure } from '../base/errors.js';
import type { PeerApi } from '../peer/api/peer.js';
import { define } from './command.js';
import { qrLines } from './qr.js';

type Item =
  | {
      readonly event: 'second-factor';
      readonly step: 'status';
      readonly state: 'off' | 'pending' | 'on';
      readonly codesLeft: number;
      readonly required: boolean;
    }
  | {
      readonly event: 'second-factor';
      readonly step: 'on';
      readonly state: 'pending';
      readonly uri: string;
      readonly secret: string;
      readonly qr: readonly string[];
    }
  | {
      readonly event: 'second-factor';
      readonly step: 'confirm' | 'codes';
      readonly state: 'on';
      readonly codes: readonly string[];
    }
  | { readonly event: 'second-factor'; readonly step: 'off'; readonly state: 'off' };

interface Given {
  readonly step: string;
  readonly code: string | undefined;
  readonly password: string;
}

async function done(peer: PeerApi, { step, code, password }: Given): Promise<Item> {
  const { secondFactor } = peer.account;
  const event = 'second-factor';
  switch (step) {
    case 'on': {
      const { uri, secret } = await secondFactor.begin(password);
      return { event, step, state: 'pending', uri, secret, qr: qrLines(uri, 'low') };
    }
    case 'confirm':
      if (code === undefined) throw codeMissing();
      return { event, step, state: 'on', codes: await secondFactor.confirm(code) };
    case 'codes':
      return { event, step, state: 'on', codes: await secondFactor.renewCodes(password) };
    case 'off':
      await secondFactor.off(password);
      return { event, step, state: 'off' };
    default: {
      const { codes, ...rest } = await secondFactor.status();
      return { event, step: 'status', ...rest, codesLeft: codes };
    }
  }
}

const inFours = (secret: string): string => secret.replace(/(.{4})(?=.)/g, '$1 ');

const codeMissing = (): Failure => new Failure('second-factor-code');

/** Two in a row, each with room before it for a tick. */
function listed(codes: readonly string[]): string[] {
  const rows = Array.from({ length: Math.ceil(codes.length / 2) }, (_, row) => codes.slice(row * 2, row * 2 + 2));
  return rows.map((row) => row.map((code) => `   ${code}`).join('   '));
}

const WITH_CODES = {
  confirm: 'The second factor is on.',
  codes: 'New recovery codes; the old ones are worth nothing.',
};

const NOTE = [
  'Each of these lets you in once without the app. Write them down, and keep them where nobody else looks:',
];

function statusLines({ state, codesLeft, required }: Extract<Item, { step: 'status' }>, verb: string): string[] {
  const need = required ? ' Your role needs one on this directory.' : '';
  if (state === 'on') return [`The second factor is on. Recovery codes left: ${codesLeft}.${need}`];
  if (state === 'pending') return [`The second factor waits for the first code of your app: ${verb} confirm CODE`];
  return [`There is no second factor.${need} To set one up: ${verb} on`];
}

export const secondFactor = define({
  name: 'second-factor',
  slash: 'secondfactor',
  parameters: {
    step: {
      type: 'choice',
      choices: ['status', 'on', 'confirm', 'codes', 'off'],
      fallback: 'status',
      optional: true,
      about: 'on, then confirm with a code of the app; codes: new recovery codes',
    },
    code: { type: 'word', optional: true, about: 'to confirm: the six digits of the app' },
    password: { type: 'secret', about: 'Password', when: { step: ['on', 'codes', 'off'] } },
  },
  about: 'Manage the second factor: a code from an app on your phone, needed besides the password to add a device.',
  examples: { slash: 'on', shell: 'on' },

  async *run(peer, args): AsyncGenerator<Item> {
    const { step = 'status', code, password = '' } = args as typeof args & { readonly password?: string };
    yield await done(peer, { step, code, password });
  },

  asks(item) {
    if (item.step !== 'on') return undefined;
    return {
      about: 'The six digits it shows then',
      qr: item.qr,
      lines: [
        'Let the authenticator app on your telephone read this code, or type into it:',
        inFours(item.secret),
        'Then type here what it shows. The second factor is on when that is right.',
      ],
      args: (code) => ({ step: 'confirm', code }),
    };
  },

  lines(item, { face }) {
    const verb = face === 'slash' ? '/secondfactor' : 'p2pchat second-factor';
    if (item.step === 'status') return statusLines(item, verb);
    if (item.step === 'off') return ['The second factor is off: the password alone adds a device.'];
    if ('codes' in item) return [WITH_CODES[item.step], ...NOTE, ...listed(item.codes)];
    return [
      'Let an authenticator app on your telephone read this:',
      ...item.qr,
      `or type into it: ${inFours(item.secret)}`,
      item.uri,
      `Then: ${verb} confirm CODE, with the six digits it shows.`,
    ];
  },
});
