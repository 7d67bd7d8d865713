import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../src/base/errors.js';
import { main } from '../../src/cli/main.js';
import { ScriptedPeer, scriptedMessage } from './scripted-peer.js';

/**
 * The command line on a scripted peer, as a process of its own: what the shell does with arguments, standard input,
 * the control socket and exit statuses can be tried without a network. A file `script.json` in the profile's folder
 * says who is registered with which password, and how things fail. SIGUSR2 makes a message come in.
 */

interface Script {
  readonly user?: string;
  readonly password?: string;
  readonly taken?: readonly string[];
  readonly state?: 'queued' | 'stored' | 'delivered';
  readonly unseen?: readonly string[];
}

const script = (home: string): Script => JSON.parse(readFileSync(join(home, 'script.json'), 'utf8')) as Script;

const wrong = (): Failure =>
  new Failure('wrong-credentials', 'Wrong name or password.', { hint: 'Check both, and try again.' });

async function open(home: string, password: string): Promise<ScriptedPeer> {
  const { password: right, state, unseen = [] } = script(home);
  if (password !== right) throw wrong();
  const peer = new ScriptedPeer();
  peer.state = state ?? 'delivered';
  peer.messages = [scriptedMessage('hello')];
  process.on('SIGUSR2', () => peer.emit({ event: 'message', ...scriptedMessage('knock'), via: 'direct' }));
  peer.unseen = unseen.map((text) => ({ event: 'message', ...scriptedMessage(text), via: 'mailbox', history: true }));
  return peer;
}

const status = await main(process.argv.slice(2), {
  version: '0.0.0',
  program: process.argv[1]!,
  echoBot: '',
  directory: () => Promise.reject(new Error('there is no directory in this script')),
  relay: () => Promise.reject(new Error('there is no relay in this script')),
  screen: async () => ({
    canShow: () => process.env.SCRIPTED_SCREEN !== undefined,
    run: async ({ peer, user }) => ({ status: 0, said: `the screen, ${peer ? `of ${user}` : 'which asks who it is'}` }),
  }),
  peer: async () => ({
    openPeer: ({ home, password }) => open(home, password),
    loginPeer: ({ home, password }) => open(home, password),
    async registerAccount({ home, user, password }) {
      if (script(home).taken?.includes(user)) {
        throw new Failure('name-taken', `The name '${user}' is taken.`, { hint: 'Choose another.' });
      }
      if (password.length < 8) {
        throw new Failure('password-weak', 'The password is too weak.', { hint: 'Use more words.' });
      }
      writeFileSync(join(home, 'script.json'), JSON.stringify({ ...script(home), user, password }));
      return { user, device: '00112233445566ff', role: 'beginner', identityKey: new Uint8Array(32) };
    },
    joinByCode: () => Promise.reject(new Error('nobody has a code')),
    enrolByCode: () => Promise.reject(new Error('nobody has a code')),
    recoverAccount: async ({ home, user, password }) => {
      writeFileSync(join(home, 'script.json'), JSON.stringify({ ...script(home), user, password }));
      return { user, device: '00112233445566ff', role: 'beginner', identityKey: new Uint8Array(32) };
    },
    verifyExport: () => Promise.reject(new Error('there is no export in this script')),
    openBackup: () => Promise.reject(new Error('there is no backup in this script')),
    async profile(home) {
      const { user } = script(home);
      if (user === undefined) return undefined;
      return { user, device: '00112233445566ff', directory: 'p2pchat://127.0.0.1:1#ff', home };
    },
  }),
});
process.exit(status);
