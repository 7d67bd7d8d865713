import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/base/random.js';
import { rosterCodec } from '../../src/wire/directory.js';
import { formatLink, parseLink } from '../../src/wire/link.js';
import { harmOf } from '../support/hostile-text.js';
import type { Running } from '../support/processes.js';
import { Relay } from '../support/relay.js';
import { ScriptedDevice } from '../support/scripted-device.js';
import { isMessage, messages, type Person, Stage } from '../support/stage.js';
import type { Attack } from './attack.js';
import { pick } from './chance.js';
import type { ToldToLie } from './children/lying-directory.js';

const FAULT = /fault of the program|internal error|\n\s+at .+:\d+:\d+|Unhandled|Warning:/i;

/** How a program ends that a directory refuses: not let in, denied, not to be trusted. */
const REFUSED: ReadonlySet<number | null> = new Set([3, 4, 6, 8]);
/** Lines that say something to what was asked. */
const ANSWERS = 6;
/** An attack of silence has no event to wait for. */
const ATTACK_MS = 1_000;

/** The two are at other addresses than whoever attacks, where loopback has others. */
function elsewhere(): () => string {
  let last = 0;
  return () => (process.platform === 'linux' ? `127.77.${(++last >> 8) & 255}.${last & 255}` : '127.0.0.1');
}

/** Resolves once the directory answers that program. */
async function reaches(chat: Running): Promise<void> {
  const before = chat.events.length;
  chat.type('/preferences');
  // What the program noticed before it took this line, it has told before it answers.
  await chat.event(() => chat.events.slice(before).some(({ event }) => event === 'preferences'), 'its preferences');
  await chat.event(() => chat.events.findLast(({ event }) => event === 'directory')?.state !== 'offline', 'online');
}

/** False where it has ended, or ends now: a program that was told to leaves after it has said so. */
async function isBack(chat: Running): Promise<boolean> {
  const isThere = (): boolean => chat.child.exitCode === null && chat.child.signalCode === null;
  try {
    if (isThere()) await reaches(chat);
  } catch (error) {
    if (isThere()) throw error;
  }
  return isThere();
}

function inTime(ms: number): { readonly promise: Promise<void>; stop(): void } {
  let stop = (): void => {};
  const promise = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop = () => clearTimeout(timer);
  });
  return { promise, stop };
}

/** Two people who talk, each in a process; the network between them and their directory can be tampered with. */
export class Scene {
  readonly stage = new Stage();
  #directory!: ChildProcess;
  /** Past the network. */
  link = '';
  network!: Relay;
  mallory!: ScriptedDevice;
  readonly #people: Person[] = [];
  #chats: Running[] = [];
  /** All that alice and bob have said. */
  readonly #said = new Set<string>();
  #count = 0;

  static async open(): Promise<Scene> {
    const scene = new Scene();
    await scene.#open();
    return scene;
  }

  async #open(): Promise<void> {
    const data = join(this.stage.workshop.folder, 'directory');
    this.#directory = fork(new URL('./children/lying-directory.js', import.meta.url), [data]);
    const [{ link }] = (await once(this.#directory, 'message')) as [{ link: string }];
    this.link = link;
    const { port, fingerprint } = parseLink(link);
    this.network = await Relay.to(port, elsewhere());
    this.stage.link = formatLink({ host: '127.0.0.1', port: this.network.port, fingerprint });
    this.#people.push(await this.stage.registered('alice'), await this.stage.registered('bob'));
    await this.#start();
    this.mallory = await ScriptedDevice.open(link, 'mallory');
    await this.mallory.begin('bob');
    this.bob.type('/join lobby');
    await this.bob.event(({ event, change }) => event === 'group' && change === 'joined');
    await this.check();
  }

  async #start(): Promise<void> {
    this.#chats = await Promise.all(this.#people.map((person) => person.chat()));
  }

  get bob(): Running {
    return this.#chats[1]!;
  }

  /** The port for links of bob's. */
  async bobsPort(): Promise<number> {
    const { roster } = await this.mallory.client.request('roster.get', { user: 'bob', watch: false });
    return rosterCodec.decode(roster).devices[0]!.endpoints![0]!.port;
  }

  /** From now on the directory says that; nothing but the truth, where it is none. @returns when it has lied once */
  async lie(told: ToldToLie): Promise<{ readonly lied: Promise<void> }> {
    const [heard, lied] = [this.#directorySays('told'), this.#directorySays('lied')];
    this.#directory.send(told);
    await heard;
    return { lied };
  }

  #directorySays(word: string): Promise<void> {
    return new Promise((resolve) => {
      const listen = (said: unknown): void => {
        if (said !== word) return;
        this.#directory.off('message', listen);
        resolve();
      };
      this.#directory.on('message', listen);
    });
  }

  /** Something that asks much of the directory and of the other one; nobody waits for how it ends. */
  bustle(random: Random): void {
    for (const [at, chat] of this.#chats.entries()) {
      const other = at === 0 ? 'bob' : 'alice';
      this.#say(chat, other);
      chat.type(pick(random, ['/who lobby', '/join lobby', `/verify ${other}`, `/path ${other}`, '/devices']));
      chat.type('/rooms');
    }
  }

  #say(chat: Running, to: string): string {
    const text = `word ${++this.#count} to ${to}`;
    this.#said.add(text);
    chat.type(`/msgto ${to} ${text}`);
    return text;
  }

  /** One attack, and what must hold after it. An earlier one may have cost the attacker the channel to the directory. */
  async stand({ run }: Attack, random: Random): Promise<void> {
    if (this.mallory.client.socket.destroyed) await this.mallory.reopen();
    await run(this, random);
    await this.check();
  }

  /** What must hold after whatever was done. */
  async check(): Promise<void> {
    assert.equal(this.#directory.exitCode ?? this.#directory.signalCode, null, 'the directory has ended');
    for (const chat of this.#chats) this.#clean(chat);
    await Promise.all(this.#chats.map(reaches));
    const [alice, bob] = this.#chats as [Running, Running];
    const [there, back] = [this.#say(alice, 'bob'), this.#say(bob, 'alice')];
    await Promise.all([bob.event(isMessage(there)), alice.event(isMessage(back))]);
  }

  #clean(chat: Running): void {
    const { exitCode, signalCode } = chat.child;
    assert.equal(exitCode ?? signalCode, null, `a chat has ended: ${chat.stdout.slice(-2_000)}${chat.stderr}`);
    assert.doesNotMatch(`${chat.stdout}\n${chat.stderr}`, FAULT);
    assert.equal(harmOf(chat.stderr), '');
    for (const line of chat.lines) assert.equal(harmOf(line), '');
    const forged = messages(chat.events).filter(
      ({ from, text }) => from !== 'mallory' && !this.#said.has(String(text)),
    );
    assert.deepEqual(forged, [], 'something is shown that nobody said');
  }

  /** As long as what was asked is answered, or for so long where it isn't. */
  async settle(): Promise<void> {
    const more = this.#chats.map((chat) => chat.several(chat.events.length + ANSWERS, () => true).catch(() => {}));
    const { promise, stop } = inTime(ATTACK_MS);
    await Promise.race([Promise.all(more), promise]);
    stop();
  }

  /** A program may end where it is told that it must not go on: it says why, and begins again. */
  async recover(): Promise<void> {
    this.network.cut();
    for (const [at, chat] of this.#chats.entries()) {
      if (await isBack(chat)) continue;
      const { status, stdout, stderr } = await chat.ended;
      assert.ok(REFUSED.has(status), `a chat ended with ${status}: ${stdout.slice(-2_000)}${stderr}`);
      assert.doesNotMatch(`${stdout}\n${stderr}`, FAULT);
      this.#chats[at] = await this.#people[at]!.chat();
    }
  }

  /** Memory of the directory and of the people, in MB; empty where the system does not tell. */
  memory(): number[] {
    return [this.#directory.pid, ...this.#chats.map(({ child }) => child.pid)].flatMap((pid) => {
      try {
        const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return kilobytes === undefined ? [] : [Math.round(Number(kilobytes) / 1_000)];
      } catch {
        return [];
      }
    });
  }

  async close(): Promise<void> {
    await this.mallory?.close();
    await this.network?.close();
    this.#directory.disconnect();
    if (this.#directory.exitCode === null) await once(this.#directory, 'exit');
    await this.stage.close();
  }
}
