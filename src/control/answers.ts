import { Failure } from '../base/errors.js';
import {
  type Id,
  message,
  type NamedParams,
  type Params,
  type Refused,
  type Request,
  readLine,
  TOO_LONG,
  toRpcError,
} from './jsonrpc.js';

/** One request under way. */
export interface Call {
  /** Null where the caller wants no answer. */
  readonly id: Id;
  /** A notification to the caller; resolves when there is room for more. */
  notify(method: string, params: NamedParams): Promise<void>;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

export type Method = (params: Params, call: Call) => Promise<unknown>;
export type Methods = Readonly<Record<string, Method>>;
export type Find = (method: string) => Method | undefined;

export interface AnswersInit {
  readonly find: Find;
  /** One line to the caller; resolves when there is room for more. */
  write(line: object): Promise<void>;
  readonly signal: AbortSignal;
}

type Answer = Readonly<Record<string, unknown>>;

const unknown = (method: string): Failure =>
  new Failure('method-unknown', `There is no method '${method.slice(0, 64)}'.`, {
    hint: "The methods are the commands that 'p2pchat --help' lists, and subscribe, unsubscribe and receive.",
  });

export const byName = (methods: Methods): Find => {
  return (method) => (Object.hasOwn(methods, method) ? methods[method] : undefined);
};

/** Answers one caller's lines. Requests run side by side: a slow one holds up nobody. */
export class Answers {
  readonly #init: AnswersInit;
  readonly #running = new Set<Promise<void>>();

  constructor(init: AnswersInit) {
    this.#init = init;
  }

  /** How many lines are still to be answered. */
  get running(): number {
    return this.#running.size;
  }

  /** Resolves when the line has been answered. Never rejects: what is wrong with it is the answer. */
  take(line: string): Promise<void> {
    const answered = this.#take(line);
    this.#running.add(answered);
    return answered.finally(() => this.#running.delete(answered));
  }

  tooLong(): void {
    void this.#init.write(message({ id: null, error: TOO_LONG }));
  }

  /** Resolves when no line is left to be answered. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #take(line: string): Promise<void> {
    const read = readLine(line);
    if (!Array.isArray(read)) {
      const answer = await this.#answer(read as Request | Refused);
      return answer && this.#init.write(answer);
    }
    const answers = (await Promise.all(read.map((each) => this.#answer(each)))).filter((each) => each !== undefined);
    if (answers.length > 0) await this.#init.write(answers);
  }

  async #answer(request: Request | Refused): Promise<Answer | undefined> {
    if ('error' in request) return message({ id: request.id, error: request.error });
    const { id, method, params } = request;
    const answer = async (): Promise<Answer> => {
      try {
        const act = this.#init.find(method);
        if (act === undefined) throw unknown(method);
        return { result: (await act(params, this.#call(id ?? null))) ?? null };
      } catch (error) {
        return { error: toRpcError(error) };
      }
    };
    const said = await answer();
    return id === undefined ? undefined : message({ id, ...said });
  }

  #call(id: Id): Call {
    const { write, signal } = this.#init;
    return { id, signal, notify: (method, params) => write(message({ method, params })) };
  }
}
