import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, type Running, type Said, Workshop } from './processes.js';

export const PASSWORD = 'violet anchor museum teapot';

/** One installation of one account. */
export class Person {
  readonly #stage: Stage;
  readonly name: string;
  readonly home: string;
  readonly passwordFile: string;
  /** Where its programs run: what stands before their command lines. */
  within: readonly string[] | undefined;
  /** Besides what every program of a test gets. */
  env: Readonly<Record<string, string>> = {};
  /** Where its links come in. */
  listenAt = '127.0.0.1:0';

  constructor(stage: Stage, name: string, home: string, passwordFile: string) {
    this.#stage = stage;
    this.name = name;
    this.home = home;
    this.passwordFile = passwordFile;
  }

  /** A command with the password, in JSON, to its end. */
  run(words: readonly string[], input = ''): Promise<Ended> {
    const all = [...words, '--json', '--password-file', this.passwordFile];
    return this.#stage.workshop.run(all, { ...this.#place, input });
  }

  /** The same of a command that has to work. @returns what it said */
  async does(words: readonly string[]): Promise<readonly Said[]> {
    const { status, events, stdout, stderr } = await this.run(words);
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return events;
  }

  start(words: readonly string[]): Running {
    const all = [...words, '--json', '--password-file', this.passwordFile];
    return this.#stage.workshop.start(all, this.#place);
  }

  get #place() {
    return { home: this.home, env: this.env, ...(this.within !== undefined && { within: this.within }) };
  }

  /** A `listen` that is ready. */
  async listen(...words: string[]): Promise<Running> {
    return this.#ready(this.start(['listen', '--listen', this.listenAt, ...words]));
  }

  /** A chat in lines that is ready. */
  async chat(): Promise<Running> {
    return this.#ready(this.start(['login', '--plain', '--listen', this.listenAt]));
  }

  /** Without a password: through the process that has the profile open. */
  through(words: readonly string[]): Promise<Ended> {
    return this.#stage.workshop.run([...words, '--json'], this.#place);
  }

  async #ready(running: Running): Promise<Running> {
    await running.event(({ event }) => event === 'ready');
    return running;
  }
}

/** A directory and people on it, each in a process and a folder of its own. */
export class Stage {
  readonly workshop = new Workshop();
  readonly data: string;
  link = '';
  ownerInvite = '';
  directory!: Running;
  /** Where the directory runs, as of Person, and the address it listens at. */
  within: readonly string[] = [];
  host = '127.0.0.1';
  #people = 0;

  constructor() {
    this.data = join(this.workshop.folder, 'directory');
  }

  /** Starts the directory; again on the same port, where it has run before. */
  async open(...words: string[]): Promise<this> {
    const port = /:(\d+)#/.exec(this.link)?.[1] ?? '0';
    const flags = ['--data', this.data, '--listen', `${this.host}:${port}`, '--json', ...words];
    const place = { home: this.workshop.folder, ...(this.within.length > 0 && { within: this.within }) };
    this.directory = this.workshop.start(['directory', 'start', ...flags], place);
    const ready = await this.directory.event(({ event }) => event === 'ready');
    this.link = String(ready.link);
    this.ownerInvite = String(ready.ownerInvite ?? this.ownerInvite);
    return this;
  }

  /** A folder for an installation; nobody is registered in it yet. */
  newcomer(name: string, password = PASSWORD): Person {
    const home = join(this.workshop.folder, `${name}-${++this.#people}`);
    mkdirSync(home, { mode: 0o700 });
    return new Person(this, name, home, this.workshop.file(`${password}\n`));
  }

  register(person: Person, ...words: string[]): Promise<Ended> {
    return person.run(['register', person.name, '--directory', this.link, ...words]);
  }

  /** Registered from a host of its own, where links come in at any of its addresses. */
  async registeredOn(name: string, within: readonly string[]): Promise<Person> {
    const person = this.newcomer(name);
    person.within = within;
    person.listenAt = '0.0.0.0:0';
    return this.#register(person);
  }

  async registered(name: string, password = PASSWORD): Promise<Person> {
    return this.#register(this.newcomer(name, password));
  }

  async #register(person: Person): Promise<Person> {
    const { status, stdout, stderr } = await this.register(person);
    if (status !== 0) throw new Error(`${person.name} could not register: ${stdout}${stderr}`);
    return person;
  }

  /** A further installation of the same account, enrolled by a login. */
  async anotherDevice(of: Person): Promise<Person> {
    const person = this.newcomer(of.name);
    const { status, stdout } = await person.run(['login', of.name, '--plain', '--directory', this.link]);
    if (status !== 0) throw new Error(`${of.name} could not log in: ${stdout}`);
    return person;
  }

  close(): Promise<void> {
    return this.workshop.close();
  }
}

export const isMessage =
  (text: string) =>
  (said: Said): boolean =>
    said.event === 'message' && said.text === text;

export const messages = (said: readonly Said[]): Said[] => said.filter(({ event }) => event === 'message');

/** The code of the error it ended with. */
export const errorCode = ({ events }: Ended): unknown => events.findLast(({ event }) => event === 'error')?.code;
