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

  constructor(stage: Stage, name: string, home: string, passwordFile: string) {
    this.#stage = stage;
    this.name = name;
    this.home = home;
    this.passwordFile = passwordFile;
  }

  /** A command with the password, in JSON, to its end. */
  run(words: readonly string[], input = ''): Promise<Ended> {
    return this.#stage.workshop.run([...words, '--json', '--password-file', this.passwordFile], {
      home: this.home,
      input,
    });
  }

  start(words: readonly string[]): Running {
    return this.#stage.workshop.start([...words, '--json', '--password-file', this.passwordFile], { home: this.home });
  }

  /** A `listen` that is ready. */
  async listen(...words: string[]): Promise<Running> {
    return this.#ready(this.start(['listen', '--listen', '127.0.0.1:0', ...words]));
  }

  /** A chat in lines that is ready. */
  async chat(): Promise<Running> {
    return this.#ready(this.start(['login', '--plain', '--listen', '127.0.0.1:0']));
  }

  /** Without a password: through the process that has the profile open. */
  through(words: readonly string[]): Promise<Ended> {
    return this.#stage.workshop.run([...words, '--json'], { home: this.home });
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
  #people = 0;

  constructor() {
    this.data = join(this.workshop.folder, 'directory');
  }

  /** Starts the directory; again on the same port, where it has run before. */
  async open(...words: string[]): Promise<this> {
    const port = /:(\d+)#/.exec(this.link)?.[1] ?? '0';
    const flags = ['--data', this.data, '--listen', `127.0.0.1:${port}`, '--json', ...words];
    this.directory = this.workshop.start(['directory', 'start', ...flags], { home: this.workshop.folder });
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

  async registered(name: string, password = PASSWORD): Promise<Person> {
    const person = this.newcomer(name, password);
    const { status, stdout, stderr } = await this.register(person);
    if (status !== 0) throw new Error(`${name} could not register: ${stdout}${stderr}`);
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
