import { Failure, isCode } from '../base/errors.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';

/** Waiting for transfers, as a command that tells of them does. */

const OVER: ReadonlySet<TransferEvent['state']> = new Set(['done', 'failed', 'declined']);

interface Follow {
  /** Begins what is followed. */
  begin(): Promise<readonly TransferEvent[]>;
  /** Milliseconds; without, as long as it takes. */
  readonly timeout?: number | undefined;
  /** What ends it besides: once this is true of a transfer, it needs no more waiting. */
  readonly enough?: (event: TransferEvent) => boolean;
  /** To each of a group: who declines does not make it fail, as long as somebody has it. */
  readonly group?: boolean;
}

/**
 * Every event of the transfers that `begin` gives, until all are over.
 * @throws Failure transfer where one failed or was declined, or the time is over
 */
export async function* follow(
  peer: PeerApi,
  { begin, timeout, enough = () => false, group = false }: Follow,
): AsyncGenerator<TransferEvent> {
  const events: TransferEvent[] = [];
  let wake = (): void => {};
  const stop = peer.files.follow((event) => {
    events.push(event);
    wake();
  });
  const deadline = timeout === undefined ? undefined : performance.now() + timeout;
  try {
    const begun = await begin();
    const open = new Map(begun.map((one) => [one.id, one]));
    const ends = new Map<string, TransferEvent>();
    void peer.ended.then(() => wake());
    while (ends.size < open.size) {
      const event = events.shift();
      if (event === undefined) {
        if (!(await woken((resolve) => (wake = resolve), deadline))) throw tooLate([...open.values()]);
        continue;
      }
      if (!open.has(event.id) || ends.has(event.id)) continue;
      open.set(event.id, event);
      yield event;
      if (OVER.has(event.state) || enough(event)) ends.set(event.id, event);
    }
    const failed = judge(
      [...ends.values()].filter((event) => !enough(event)),
      group,
    );
    if (failed !== undefined) throw notDone(failed);
  } finally {
    stop();
  }
}

function judge(ends: readonly TransferEvent[], group: boolean): TransferEvent | undefined {
  const fits = group && ends.some(({ state }) => state === 'done') ? ['done', 'declined'] : ['done'];
  return ends.find(({ state }) => !fits.includes(state));
}

/** All of it lies at the directory: whoever offered it may go. @throws Failure where the directory does not take it */
export function isLaidDown({ laid }: TransferEvent): boolean {
  if (laid?.state === 'refused') throw refused(laid.error!);
  return laid?.state === 'laid';
}

const refused = ({ code, message, hint }: NonNullable<NonNullable<TransferEvent['laid']>['error']>): Failure =>
  isCode(code) ? new Failure(code, message, { hint }) : Failure.from({ reason: 'transfer', code, message, hint });

/** @returns false where the deadline came first */
function woken(arm: (wake: () => void) => void, deadline: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const left = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
    // Not the unreferenced timer of a clock: somebody is waiting, and the process with them.
    const timer = left === undefined ? setInterval(() => {}, 1 << 30) : setTimeout(() => resolve(false), left);
    arm(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** The event has said it already. */
const notDone = ({ state, error, peer }: TransferEvent): Failure =>
  Failure.from({
    reason: 'transfer',
    code: error?.code ?? (state === 'declined' ? 'transfer-declined' : 'transfer-failed'),
    message: state === 'declined' ? `${peer} declined it.` : (error?.message ?? 'The transfer failed.'),
    hint: error?.hint ?? '',
    details: { said: true },
  });

function tooLate(events: readonly TransferEvent[]): Failure {
  const why = events.find(({ waiting }) => waiting !== undefined)?.waiting;
  const because = why === undefined ? '' : `: ${why.message}`;
  const goesOn =
    'It goes on by itself: leave `p2pchat login` or `p2pchat listen` running. `p2pchat transfers` shows it.';
  return new Failure('transfer-timeout', `The time is over before all has arrived${because}.`, {
    hint: why === undefined || why.hint === '' ? goesOn : `${why.hint} ${goesOn}`,
  });
}
