import type { Cancel, Clock } from '../../base/clock.js';
import type { LogFields, Logger } from '../../base/log.js';

/** Refusals of one kind that are logged one by one; more in the time after the first are counted, and told at its end. */
const ONE_BY_ONE = 3;
const COUNTED_FOR_MS = 10_000;
/** Kinds that are counted at a time; what is beyond counts as one. */
const KINDS = 4_096;

export interface Refusal {
  readonly user?: string | undefined;
  readonly device?: string | undefined;
  readonly address: string;
  readonly command: string;
  readonly deed?: string | undefined;
  readonly outcome: string;
}

interface Kind {
  readonly fields: LogFields;
  readonly cancel: Cancel;
  times: number;
}

/** Logs what was refused, so that whoever floods the directory does not fill its disk with lines. */
export class RefusalLog {
  readonly #log: Pick<Logger, 'info'>;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Pick<Logger, 'info'>, clock: Pick<Clock, 'after'>) {
    this.#log = log;
    this.#clock = clock;
  }

  note(refusal: Refusal, ms: number): void {
    const kind = this.#kind(refusal);
    kind.times++;
    if (kind.times <= ONE_BY_ONE) this.#log.info('command', { ...refusal, ms });
  }

  /** Tells what was counted so far. */
  close(): void {
    for (const [name, kind] of this.#kinds) {
      kind.cancel();
      this.#end(name, kind);
    }
  }

  /** Of a device, or where there is none of an address: a name costs a stranger nothing. */
  #kind(refusal: Refusal): Kind {
    const { deed: _one, ...shared } = refusal;
    const { device, address, command, outcome } = shared;
    const own = `${device ?? address} ${command} ${outcome}`;
    const known = this.#kinds.get(own);
    if (known !== undefined) return known;
    const isRoom = this.#kinds.size < KINDS;
    const name = isRoom ? own : '';
    const many = this.#kinds.get(name);
    if (many !== undefined) return many;
    const cancel = this.#clock.after(COUNTED_FOR_MS, () => this.#end(name, kind));
    const kind: Kind = { fields: isRoom ? shared : { outcome: 'various' }, cancel, times: 0 };
    this.#kinds.set(name, kind);
    return kind;
  }

  #end(name: string, { fields, times }: Kind): void {
    this.#kinds.delete(name);
    const more = times - ONE_BY_ONE;
    if (more > 0) this.#log.info('more refused', { ...fields, times: more, seconds: COUNTED_FOR_MS / 1_000 });
  }
}
