import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../base/errors.js';
import type { Shell } from '../shell.js';
import { Program, type Told } from './program.js';

/** What the steps of the tour share. */
interface Stage {
  readonly shell: Shell;
  readonly folder: string;
  readonly link: string;
  readonly ownerInvite: string;
  readonly passwordFile: string;
  say(line: string): void;
  /** Starts a session of a person, which stays until the tour ends. */
  join(name: string): Promise<Program>;
  /** Runs one command of a person to its end. @throws Failure where it doesn't end with status 0 */
  run(name: string, ...words: readonly string[]): Promise<readonly Told[]>;
}

/** Alice and Bob, as their sessions. */
interface Cast {
  alice: Program;
  bob: Program;
}

const SECRET = 'the tree house key is under the third stone';

/**
 * What p2pchat does, shown by real programs in a folder of their own: a directory and two people who register, talk,
 * leave and come back. Every line it prints has just happened.
 */
export async function tour(shell: Shell): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-tour-'));
  shell.scope.defer(() => rm(folder, { recursive: true, force: true }));
  const say = (line: string): void => shell.output.say({ event: 'tour', says: line }, [line]);
  say('p2pchat: a tour with a directory and two people, each a program of its own.');
  say('');
  const stage = await openStage(shell, folder, say);
  await introduce(stage);
  const cast = { alice: await stage.join('alice'), bob: await stage.join('bob') };
  await talk(stage, cast);
  await leaveAndReturn(stage, cast);
  await compare(stage);
  await lookForSecret(stage);
  say('');
  say('That was all real. Now you: npm start in a terminal opens the chat; p2pchat --help lists the commands.');
}

async function openStage(shell: Shell, folder: string, say: (line: string) => void): Promise<Stage> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  const data = join(folder, 'directory');
  const directory = new Program(['directory', 'start', '--data', data, '--listen', '127.0.0.1:0'], folder, shell.scope);
  const { link, ownerInvite } = await directory.until(({ event }) => event === 'ready');
  say(`1. A directory runs: ${link}`);
  const home = (name: string): string => join(folder, name);
  const withPassword = (words: readonly string[]): string[] => [...words, '--password-file', passwordFile];
  return {
    shell,
    folder,
    link: String(link),
    ownerInvite: String(ownerInvite),
    passwordFile,
    say,
    async join(name) {
      const session = new Program(
        withPassword(['login', name, '--plain', '--listen', '127.0.0.1:0']),
        home(name),
        shell.scope,
      );
      await session.until(({ event }) => event === 'ready');
      return session;
    },
    async run(name, ...words) {
      const command = new Program(withPassword(words), home(name), shell.scope);
      if ((await command.exited) === 0) return command.told;
      const error = command.told.find(({ event }) => event === 'error');
      throw new Failure('internal', 'tour-failed', `'${words[0]}' failed: ${error?.message ?? 'it said nothing'}`, {
        hint: 'Please report this with what was printed.',
      });
    },
  };
}

async function introduce({ run, link, ownerInvite, say }: Stage): Promise<void> {
  await run('alice', 'register', 'alice', '--directory', link, '--invite', ownerInvite);
  say('2. Alice registers with the owner invitation: she is super-admin. Her password never leaves her machine.');
  await run('bob', 'register', 'bob', '--directory', link);
  say('   Bob registers. Each of them now has a device with its own key and a certificate for three days.');
}

const isText = (text: string) => (told: Told) => told.event === 'message' && told.text === text;

async function talk({ say, shell }: Stage, { alice, bob }: Cast): Promise<void> {
  alice.write(`/msgto bob ${SECRET}`);
  const { via } = await bob.until(isText(SECRET));
  say(`3. Alice writes to Bob: "${SECRET}". It came ${via}, from her program to his.`);
  const times: number[] = [];
  for (let n = 1; n <= 20; n++) {
    const started = shell.clock.monotonic();
    bob.write(`/msgto alice message ${n}`);
    await alice.until(isText(`message ${n}`));
    times.push(shell.clock.monotonic() - started);
  }
  const median = times.sort((a, b) => a - b)[10]!;
  say(
    `   Bob answers, twenty times: ${median.toFixed(1)} ms from Enter to Alice's screen, encrypted and on disk at both ends.`,
  );
}

async function leaveAndReturn({ say, join: joinStage }: Stage, cast: Cast): Promise<void> {
  await cast.bob.end();
  cast.alice.write('/msgto bob are you there?');
  const { id } = await cast.alice.until(({ event, state }) => event === 'sent' && state === 'stored');
  say('4. Bob leaves. Alice writes: the directory keeps it, sealed, in his mailbox.');
  cast.bob = await joinStage('bob');
  const { via } = await cast.bob.until(isText('are you there?'));
  await cast.alice.until((told) => told.event === 'sent' && told.id === id && told.state === 'delivered');
  say(`   Bob is back and has it (via ${via}); Alice sees that it was delivered.`);
}

async function compare({ run, say }: Stage): Promise<void> {
  const numberOf = async (name: string, other: string): Promise<unknown> => {
    const told = await run(name, 'verify', other);
    return told.find(({ safetyNumber }) => safetyNumber !== undefined)?.safetyNumber;
  };
  const [hers, his] = [await numberOf('alice', 'bob'), await numberOf('bob', 'alice')];
  if (hers === undefined || hers !== his) throw new Failure('trust', 'tour-failed', 'the safety numbers differ');
  say(`5. Both see the same safety number, so nobody stands between them: ${String(hers).slice(0, 17)} …`);
}

/** The directory's whole data, as bytes, against what was said. */
async function lookForSecret({ folder, say }: Stage): Promise<void> {
  const data = join(folder, 'directory');
  let bytes = 0;
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    bytes += content.length;
    if (content.includes(SECRET)) throw new Failure('trust', 'tour-failed', 'the directory has what was said in clear');
  }
  say(`6. The directory's ${Math.round(bytes / 1024)} KB on disk hold none of what was said.`);
}
