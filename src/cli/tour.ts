import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';
import { sizeText } from '../base/size.js';
import { type Child, type Said, startChild } from './children.js';
import type { Shell } from './shell.js';
import { makeFile, makeFilm, send } from './tour-files.js';

/** Two people and a directory, each a process of its own, in a folder that is gone afterwards. */

const ROUNDS = 50;

const isMessage =
  (text: string) =>
  ({ event, text: said }: Said): boolean =>
    event === 'message' && said === text;

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

class Tour {
  readonly #shell: Shell;
  readonly #folder: string;
  #link = '';

  constructor(shell: Shell, folder: string) {
    this.#shell = shell;
    this.#folder = folder;
  }

  async play(): Promise<void> {
    await this.#step('a directory is started', () => this.#directory());
    await this.#step('alice and bob register: their passwords never leave their machines', async () => {
      await Promise.all([this.#register('alice'), this.#register('bob')]);
    });
    const [alice, bob] = await this.#step('both log in', () => Promise.all([this.#chat('alice'), this.#chat('bob')]));
    await this.#step('a private message goes straight to bob', () => this.#message(alice, bob, 'bob', 'Hello Bob'));
    await this.#step('and one straight back', () => this.#message(bob, alice, 'alice', 'Hello Alice'));
    await this.#latency(alice, bob);
    await this.#step('both enter the room #lobby; what alice says there reaches bob in its place', () =>
      this.#room(alice, bob),
    );
    await this.#files(alice, bob);
    await this.#step('bob leaves; alice writes: the directory keeps it, sealed', async () => {
      await bob.finish();
      alice.type('/msgto bob See you later');
      await alice.event(({ event, state }) => event === 'sent' && state === 'stored');
    });
    await this.#step('bob is back and has it', async () => {
      const back = this.#start('bob', 'listen', '--count', '1', '--timeout', '60');
      await back.event(isMessage('See you later'));
      await back.ended;
    });
    await this.#step('they compare their safety numbers, which are the same', () => this.#verify());
    await alice.finish();
    await this.#step("the directory's files hold none of what was said", () => this.#search());
  }

  async #step<T>(what: string, act: () => Promise<T>): Promise<T> {
    const { clock, output } = this.#shell;
    const begun = clock.monotonic();
    const result = await act();
    const took = clock.monotonic() - begun;
    output.say({ event: 'tour', step: what, ms: took }, [`  ok  ${what} (${ms(took)})`]);
    return result;
  }

  async #directory(): Promise<void> {
    const data = join(this.#folder, 'directory');
    const words = ['directory', 'start', '--data', data, '--listen', '127.0.0.1:0', '--with-parent'];
    const ready = await startChild(this.#shell, this.#folder, words).event(({ event }) => event === 'ready');
    this.#link = String(ready.link);
  }

  #start(name: string, ...words: string[]): Child {
    const home = join(this.#folder, name);
    return startChild(this.#shell, home, [...words, '--password-file', join(this.#folder, `${name}.password`)]);
  }

  async #register(name: string): Promise<void> {
    const file = join(this.#folder, `${name}.password`);
    await writeFile(file, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
    await this.#start(name, 'register', name, '--directory', this.#link).event(({ event }) => event === 'registered');
  }

  async #chat(name: string): Promise<Child> {
    const child = this.#start(name, 'login', '--plain', '--listen', '127.0.0.1:0');
    await child.event(({ event }) => event === 'ready');
    return child;
  }

  async #message(from: Child, to: Child, name: string, text: string): Promise<void> {
    from.type(`/msgto ${name} ${text}`);
    const { via } = await to.event(isMessage(text));
    if (via !== 'direct') throw new Failure('tour', `the message went by ${String(via)}, not directly`);
  }

  /** From the line's way into one process to the event's way out of the other: encrypted and on disk at both ends. */
  async #latency(alice: Child, bob: Child): Promise<void> {
    const { clock, output } = this.#shell;
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const begun = clock.monotonic();
      alice.type(`message ${round}`);
      await bob.event(isMessage(`message ${round}`));
      times.push(clock.monotonic() - begun);
    }
    times.sort((a, b) => a - b);
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    output.say({ event: 'tour', step: 'latency', messages: ROUNDS, p50, p99 }, [
      `  ok  ${ROUNDS} messages, from Enter to the other's screen, on disk at both ends: p50 ${ms(p50)}, p99 ${ms(p99)}`,
    ]);
  }

  async #room(alice: Child, bob: Child): Promise<void> {
    for (const [child, user] of [
      [alice, 'alice'],
      [bob, 'bob'],
    ] as const) {
      child.type('/join lobby');
      await child.event((said) => said.event === 'group' && said.change === 'joined' && said.user === user);
    }
    alice.type('/groupmsg lobby Hello everybody');
    const { seq } = await bob.event(isMessage('Hello everybody'));
    if (typeof seq !== 'number') throw new Failure('tour', 'the message has no place in the room');
  }

  async #files(alice: Child, bob: Child): Promise<void> {
    const [file, film] = await Promise.all([makeFile(this.#folder), makeFilm(this.#folder)]);
    await this.#sent('a file', '/p2pfile bob', file, alice, bob);
    await this.#sent(film.what, '/p2pvideo bob', film.path, alice, bob);
  }

  async #sent(what: string, line: string, source: string, alice: Child, bob: Child): Promise<void> {
    const { clock, output } = this.#shell;
    const begun = clock.monotonic();
    const sent = await send(line, source, alice, bob);
    const took = clock.monotonic() - begun;
    const way = sent.path === 'tcp' ? 'TCP, because UDP does not get through' : 'UDP';
    output.say({ event: 'tour', step: 'transfer', what, ...sent, ms: took }, [
      `  ok  alice offers ${what}, ${sizeText(sent.bytes)}, bob accepts, and it goes over ${way} at ${sizeText(sent.rate)}/s; SHA-256 is the same (${ms(took)})`,
    ]);
  }

  /** What was stored for Bob went through these files. */
  async #search(): Promise<void> {
    for (const entry of await readdir(join(this.#folder, 'directory'), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name));
      if (content.includes('See you later')) throw new Failure('tour', 'the directory has it in clear');
    }
  }

  async #verify(): Promise<void> {
    const [a, b] = await Promise.all(
      [
        ['alice', 'bob'],
        ['bob', 'alice'],
      ].map(([name, other]) => this.#start(name!, 'verify', other!).event(({ event }) => event === 'trust')),
    );
    if (a?.safetyNumber !== b?.safetyNumber) throw new Failure('tour', 'the safety numbers differ');
  }
}

/** Plays all of it with real processes and says what happens. */
export async function tour(shell: Shell): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-tour-'));
  shell.scope.defer(() => rm(folder, { recursive: true, force: true }));
  shell.output.say({ event: 'tour', step: 'begin' }, ['There is no terminal, so this is a tour of p2pchat:']);
  await new Tour(shell, folder).play();
  shell.output.say({ event: 'tour', step: 'end' }, ['That was the tour. On a terminal, npm start opens the chat.']);
}
