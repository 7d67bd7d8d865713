import { type Bytes, base64url } from './seal.js';
import { Trouble } from './trouble.js';

/** A request that was lost is made again after these, milliseconds; then the person is asked. */
const AGAIN_AFTER = [300, 1_000, 3_000, 8_000];

export interface Opened {
  readonly head: string;
  readonly size: number;
  readonly left: number;
  readonly expires: number;
  /** Of a link for handing in. */
  readonly key?: string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the directory answers who has the whole link. Every request may be made twice. */
export class Client {
  readonly #link: string;
  readonly #access: string;

  constructor(link: string, access: Bytes) {
    this.#link = link;
    this.#access = base64url(access);
  }

  async open(): Promise<Opened> {
    return (await this.#ask('GET')).json();
  }

  async visit(visit: string): Promise<void> {
    await this.#tell('POST', visit);
  }

  async block(visit: string, block: number): Promise<Bytes> {
    const answer = await this.#ask('GET', `${visit}/${block}`);
    const bytes = await answer.arrayBuffer().catch(() => undefined);
    if (bytes === undefined) throw new Trouble('lost');
    return new Uint8Array(bytes);
  }

  /** @returns how many blocks are there, from the first */
  async drop(visit: string, what: { size: number; enc: string; head: string }): Promise<number> {
    const { have } = (await (await this.#ask('PUT', visit, JSON.stringify(what))).json()) as { have: number };
    return have;
  }

  async put(visit: string, block: number, sealed: Bytes): Promise<void> {
    await this.#tell('PUT', `${visit}/${block}`, sealed);
  }

  async look(visit: string): Promise<string> {
    return ((await (await this.#ask('GET', visit)).json()) as { state: string }).state;
  }

  async done(visit: string): Promise<void> {
    await this.#tell('POST', `${visit}/done`);
  }

  /** The answer is read to its end: a browser holds what was sent for as long as it is not. */
  async #tell(method: string, path: string, body?: Bytes): Promise<void> {
    await (await this.#ask(method, path, body)).arrayBuffer().catch(() => {});
  }

  async #ask(method: string, path?: string, body?: string | Bytes): Promise<Response> {
    for (const wait of AGAIN_AFTER) {
      try {
        return await this.#once(method, path, body);
      } catch (error) {
        if (!(error instanceof Trouble) || !['lost', 'rate-limited'].includes(error.code)) throw error;
        await pause(Math.max(wait, 1_000 * error.seconds));
      }
    }
    return this.#once(method, path, body);
  }

  async #once(method: string, path?: string, body: string | Bytes | null = null): Promise<Response> {
    const where = new URL(path === undefined ? this.#link : `${this.#link}/${path}`, location.href);
    const headers = { authorization: `Link ${this.#access}` };
    const answer = await fetch(where, { method, headers, body, cache: 'no-store', credentials: 'omit' }).catch(() => {
      throw new Trouble('lost');
    });
    if (answer.ok) return answer;
    const said: { code?: unknown; details?: { seconds?: unknown } } = await answer.json().catch(() => ({}));
    // A proxy whose directory is away says so in its own form.
    const code = typeof said.code === 'string' ? said.code : 'lost';
    throw new Trouble(code === 'directory-stopping' ? 'lost' : code, Number(said.details?.seconds ?? 0));
  }
}
