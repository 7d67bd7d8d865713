import { type Failure, hasCode, toFailure } from '../../base/errors.js';
import { historyWish } from '../../commands/duration.js';
import type { AskCode, LoginPeer } from '../../peer/api/account.js';
import { asksForCode } from '../../peer/api/account.js';
import type { PeerApi, Whoami } from '../../peer/api/peer.js';
import { enterFirstRoom } from '../first-room.js';
import { LineMode } from '../line-mode.js';
import { nameOf } from '../name.js';
import { givenDirectory, neededDirectory, type PeerOptions, withPassword } from '../options.js';
import type { ScreenStart } from '../parts.js';
import { canAsk, password } from '../password.js';
import { codeFrom } from '../second-factor-code.js';
import { inUse, type Opened, openProfile, running } from '../session.js';
import type { Shell } from '../shell.js';
import { type CodeOptions, enrolByCode, wantsCode } from './login-by-code.js';
import { recover } from './recover.js';
import { signUp } from './register.js';

export interface LoginOptions extends PeerOptions, CodeOptions {
  readonly name?: string | undefined;
  readonly invite?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly recover?: boolean | undefined;
  readonly 'phrase-file'?: string | undefined;
  /** For the first minutes: whom to talk to, and what to say about it. */
  readonly open?: string;
  readonly greeting?: readonly string[];
  /** In lines: whoever has just signed up enters the first room. */
  readonly fresh?: true;
}

const TRIES = 3;

class SignIn {
  readonly #shell: Shell;
  readonly #options: LoginOptions;
  #profile: Whoami | undefined;
  #codeTries = TRIES;

  constructor(shell: Shell, options: LoginOptions, profile: Whoami | undefined) {
    this.#shell = shell;
    this.#options = options;
    this.#profile = profile;
  }

  /** One try. */
  async open(user: string, secret: string): Promise<Opened> {
    const { loginPeer } = await this.#shell.parts.peer();
    if (this.#profile === undefined) neededDirectory(this.#shell, this.#options, undefined);
    const init = {
      ...withPassword(this.#shell, this.#options, secret),
      user,
      rejoin: true,
      ...this.#codes(),
      ...wished(this.#options),
    };
    return openProfile(this.#shell, () => loginPeer(init), { stays: true });
  }

  /** As many tries as there are; an empty password means that the name is new. */
  async tries(user: string): Promise<Opened> {
    const asks = canAsk(this.#shell, { file: this.#options['password-file'] });
    for (let left = asks ? TRIES : 1; ; ) {
      try {
        return await this.open(user, await this.#password(user));
      } catch (error) {
        const failure = toFailure(error);
        if (asks && failure.code === 'password-empty' && this.#profile === undefined) return this.#register(user);
        // The password was right.
        if (asksForCode(failure)) throw failure;
        if (failure.reason === 'credentials') left--;
        if (left === 0 || !(failure.reason === 'credentials' || failure.code === 'password-empty') || !asks)
          throw failure;
        this.#shell.output.failure(failure);
        this.#shell.output.note(this.#again(user, left));
      }
    }
  }

  /** The code that was given, or who can be asked for it. */
  #codes(): Pick<LoginPeer, 'code' | 'askCode'> {
    const { code, 'password-file': file } = this.#options;
    return {
      ...(code !== undefined && { code }),
      ...(canAsk(this.#shell, { file }) && { askCode: (why) => this.#code(why) }),
    };
  }

  async #code(why: Failure): Promise<string> {
    if (this.#codeTries-- === 0) throw why;
    return codeFrom(this.#shell, why);
  }

  #password(user: string): Promise<string> {
    return password(this.#shell, { file: this.#options['password-file'], prompt: `Password of ${user}` });
  }

  #again(user: string, left: number): string {
    const tries = left === 1 ? 'One try is left.' : `${left} tries are left.`;
    return this.#profile === undefined ? `${tries} Is '${user}' a new name? An empty password registers it.` : tries;
  }

  async #register(user: string): Promise<Opened> {
    this.#shell.output.note(`Registering '${user}'.`);
    const { user: name, password: secret } = await signUp(this.#shell, { ...this.#options, name: user });
    const { profile } = await this.#shell.parts.peer();
    this.#profile = await profile(this.#shell.home);
    return this.open(name, secret);
  }
}

/** @param known the password, where it has just been chosen */
export async function login(shell: Shell, options: LoginOptions, known?: string): Promise<void> {
  const client = await running(shell);
  if (client) throw inUse();
  if (wantsCode(options)) return byCode(shell, options);
  const profile = await (await shell.parts.peer()).profile(shell.home);
  if (options.recover && known === undefined) {
    const recovered = await recover(shell, options, profile);
    return login(shell, { ...options, name: recovered.user }, recovered.password);
  }
  if (known === undefined && (await wantsScreen(shell, options))) return screen(shell, options, profile);
  if (!(await hasScreen(shell, options))) for (const line of options.greeting ?? []) shell.output.note(line);
  const user = await nameOf(shell, options.name, profile);
  const signIn = new SignIn(shell, options, profile);
  const opening = known === undefined ? signIn.tries(user) : signIn.open(user, known);
  const { peer } = await opening.catch((error) => {
    throw hasCode(error, 'store-in-use') ? inUse() : error;
  });
  if (options.fresh) await enterFirstRoom(peer).catch(() => {});
  await chat(shell, options, peer);
}

/** In whichever form fits, of a peer that runs already. */
async function chat(shell: Shell, options: LoginOptions, peer: PeerApi): Promise<void> {
  if (!(await hasScreen(shell, options))) return new LineMode(shell, peer).run();
  // The screen reads the keyboard itself.
  shell.input().close();
  await shown(shell, peer, peer.user, options.open);
}

/** Let in by another device of the account: the profile opens without its password this time. */
async function byCode(shell: Shell, options: LoginOptions): Promise<void> {
  const { vaultKey } = await enrolByCode(shell, options);
  await chat(shell, options, await openedWith(shell, options, vaultKey));
}

async function openedWith(shell: Shell, options: LoginOptions, vaultKey: Uint8Array): Promise<PeerApi> {
  const { openPeer } = await shell.parts.peer();
  // The profile has the whole link by now.
  const { directory: _, ...init } = withPassword(shell, options, '');
  return (await openProfile(shell, () => openPeer({ ...init, vaultKey }), { stays: true })).peer;
}

/** The same, where the screen has asked for the code. */
async function openedByCode(
  shell: Shell,
  options: LoginOptions,
  given: { readonly code: string; readonly directory: string },
): Promise<PeerApi> {
  const { vaultKey } = await (await shell.parts.peer()).enrolByCode({ home: shell.home, ...given, ...wished(options) });
  return openedWith(shell, options, vaultKey);
}

/** The chat on the screen, of a peer that runs already. */
export const shown = (shell: Shell, peer: PeerApi, user: string, open?: string): Promise<void> =>
  onScreen(shell, {
    peer,
    directory: undefined,
    user,
    known: true,
    ...cannotSignIn,
    ...(open !== undefined && { open }),
  });

const alreadyIn = (): Promise<never> => Promise.reject(inUse());
const cannotSignIn = { signIn: alreadyIn, signUp: alreadyIn };

/** @throws Failure usage 'argument-invalid' */
const wished = ({ history }: LoginOptions): Pick<LoginPeer, 'history'> =>
  history === undefined ? {} : { history: historyWish(history) };

/** A person at a terminal that can, who did not ask for lines. */
async function hasScreen(shell: Shell, options: LoginOptions): Promise<boolean> {
  // The keyboard of a password on standard input has been read to its end.
  const isRead = options['password-file'] === '-';
  if (!shell.terminal || options.plain || shell.output.json || isRead) return false;
  return (await shell.parts.screen()).canShow();
}

/** The same, where the screen is to ask for the password too. */
export const wantsScreen = async (shell: Shell, options: LoginOptions): Promise<boolean> =>
  options['password-file'] === undefined && (await hasScreen(shell, options));

async function screen(shell: Shell, options: LoginOptions, profile: Whoami | undefined): Promise<void> {
  const { loginPeer, registerAccount } = await shell.parts.peer();
  if (options.name !== undefined) await nameOf(shell, options.name, profile);
  const open = async (user: string, secret: string, directory: string, askCode?: AskCode): Promise<PeerApi> => {
    const { code } = options;
    const codes = { ...(code !== undefined && { code }), ...(askCode && { askCode }) };
    const init = {
      ...withPassword(shell, { ...options, directory }, secret),
      user,
      rejoin: true,
      ...codes,
      ...wished(options),
    };
    return (await openProfile(shell, () => loginPeer(init), { stays: true })).peer;
  };
  const { open: conversation, greeting, invite: given } = options;
  await onScreen(shell, {
    directory: givenDirectory(shell, options) ?? profile?.directory,
    user: options.name ?? profile?.user,
    known: profile !== undefined,
    signIn: ({ user, password: secret, directory }, askCode) => open(user, secret, directory, askCode),
    async signUp({ user, password: secret, directory, invite = given }) {
      await registerAccount({
        home: shell.home,
        user,
        password: secret,
        directory,
        ...(invite !== undefined && { invite }),
      });
      const peer = await open(user, secret, directory);
      // The screen shows that it is so as soon as it is; without the room there is the rest.
      void enterFirstRoom(peer).catch(() => {});
      return peer;
    },
    ...(profile === undefined && { byCode: (given) => openedByCode(shell, options, given) }),
    ...(conversation !== undefined && { open: conversation }),
    ...(greeting !== undefined && { greeting }),
  });
}

async function onScreen(shell: Shell, start: ScreenStart): Promise<void> {
  const end = await (await shell.parts.screen()).run(start);
  if (end.said !== undefined) shell.output.note(end.said);
  if (end.failure) throw end.failure;
  if (end.status !== 0) shell.interrupt(end.status);
}
