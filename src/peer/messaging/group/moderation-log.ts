import { sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import { timestamp } from '../../../base/clock.js';
import { Failure, hasCode } from '../../../base/errors.js';
import type { Scope } from '../../../base/scope.js';
import { chained, digestOf, NO_ACTS, readAct, signStatement } from '../../../crypto/acts.js';
import type { SigningKey } from '../../../crypto/keys.js';
import { readOperatorAct } from '../../../crypto/operator-acts.js';
import type { LocalStore, Step } from '../../../store/local.js';
import type { Act, Statement } from '../../../wire/acts.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
import { foldName } from '../../../wire/names.js';
import { OPERATOR, type OperatorStatement } from '../../../wire/operator-acts.js';
import type { ModerationEvent, PeerEvent } from '../../api/events.js';
import type { LedgerLine } from '../../api/groups.js';
import type { TrustAnchor } from '../../identity/trust-anchor.js';
import type { LedgerActRow } from '../../storage/ledger-row.js';
import type { Tables } from '../../storage/tables.js';
import type { GroupAction } from './actions.js';

export interface ModerationLogInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly anchor: TrustAnchor;
  readonly clock: Clock;
  readonly key: SigningKey;
  /** Whose device this is. */
  readonly user: string;
  readonly request: DirectoryRequest;
  readonly scope: Scope;
  /** @returns whether somebody has taken it */
  tell(event: PeerEvent): Promise<boolean>;
  /** Whether somebody hears of events. */
  isWatched(): boolean;
  report(error: unknown): void;
}

const TRIES = 16;
/** Acts that are kept, in case the directory loses them, and how many it takes at once. */
const KEPT = 1_024;
const BATCH = 16;
/** So many are told by name. */
const NAMED = 5;

/**
 * The directory's acts. The head of their chain is remembered: a directory that changes or leaves out what this device
 * has seen before is found at the next look.
 */
export class ModerationLog {
  readonly #init: ModerationLogInit;
  #newest: number | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(init: ModerationLogInit) {
    this.#init = init;
    // What was told is noted before the disk closes, or it would be told again.
    init.scope.defer(() => this.#telling);
  }

  /** @throws Failure trust 'ledger-changed', 'act-forged' */
  async read(): Promise<readonly LedgerLine[]> {
    return (await this.#follow()).lines;
  }

  /** Signs the action against the newest act of the log. @throws Failure denied, as the directory judges */
  async act(action: GroupAction): Promise<void> {
    const { request, key, anchor, clock, report } = this.#init;
    for (let tries = 0; ; tries++) {
      const { head: previous } = await this.#follow();
      const common = { directory: anchor.trust.directoryId, previous, at: clock.now() };
      try {
        await request('ledger.act', signStatement({ ...common, ...action } as Statement, key));
        // It is kept as the directory has sealed it, so that a directory that is set back gets it again.
        await this.#follow().catch(report);
        return;
      } catch (error) {
        if (!hasCode(error, 'head-moved') || tries === TRIES) throw error;
      }
    }
  }

  /**
   * The directory says so at every greeting, and when it happens. A device that is new has missed nothing.
   * @param newest the number of the operator's newest act that concerns the account
   */
  async hearOfOperator(newest = 0): Promise<void> {
    this.#newest = Math.max(this.#newest ?? 0, newest);
    await this.tell();
  }

  /** Tells of what the operator has done, and that a ban was lifted, since this device last told of it, as soon as somebody hears it. */
  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tell()).catch((error: unknown) => this.#init.report(error));
    return this.#telling;
  }

  async #tell(): Promise<void> {
    const { tables, disk, isWatched } = this.#init;
    const newest = this.#newest;
    const told = (await tables.ledger.get('self'))?.told;
    if (newest === undefined || (told !== undefined && (newest <= told || !isWatched()))) return;
    if (told !== undefined) {
      const taken = await Promise.all((await this.#operatorSince(told)).map((event) => this.#init.tell(event)));
      if (taken.includes(false)) return;
    }
    const now = (await tables.ledger.get('self')) ?? { number: 0, head: NO_ACTS };
    await disk.write([tables.ledger.put(['self'], { ...now, told: newest })]);
  }

  async #operatorSince(told: number): Promise<ModerationEvent[]> {
    const { lines } = await this.#follow();
    const isMine = (user: string): boolean => foldName(user) === foldName(this.#init.user);
    return lines.flatMap(({ number, by = '', action, user = '', mode, at: _at, ...rest }) =>
      number > told && (by === OPERATOR || (action === 'unban' && isMine(user)))
        ? [
            {
              event: 'moderation',
              action: action as ModerationEvent['action'],
              user,
              by,
              ...rest,
              ...(mode && { mode }),
            },
          ]
        : [],
    );
  }

  /** What the ledger says is what it said before, and more. What is new, and shown whole, is kept. */
  async #follow(): Promise<ReadLedger> {
    const { tables, disk } = this.#init;
    const seen = (await tables.ledger.get('self')) ?? { number: 0, head: NO_ACTS };
    const read = await this.#read();
    if (!agrees(read, seen)) throw changed();
    const { entries, head } = read;
    if (entries.length > seen.number)
      await disk.write([
        tables.ledger.put(['self'], { ...seen, number: entries.length, head }),
        ...keeping(tables, entries.slice(seen.number)),
      ]);
    return read;
  }

  /**
   * The directory's store was set back: what it lost of the ledger, and was shown here, goes back to it. What does not fit
   * any more, because others acted meanwhile, is told by name.
   */
  async setBack(): Promise<void> {
    const { tables, disk, request, report } = this.#init;
    const seen = await tables.ledger.get('self');
    if (seen === undefined || agrees(await this.#read(), seen)) return;
    const kept = await rowsOf(tables);
    for (let at = 0; at < kept.length; at += BATCH) {
      const acts = kept.slice(at, at + BATCH).map(({ act, operator }) => (operator ? { operator: act } : { act }));
      await request('ledger.restore', { acts }).catch((error: unknown) => {
        if (!hasCode(error, 'method-unknown')) throw error;
      });
    }
    const now = await this.#read();
    const { entries, head } = now;
    const lost = kept.filter(({ act }) => !entries.some(({ digest }) => sameBytes(digest, digestOf(act))));
    const told = seen.told === undefined ? {} : { told: Math.min(seen.told, entries.length) };
    await disk.write([
      tables.ledger.put(['self'], { number: entries.length, head, ...told }),
      ...kept.map(({ number }) => tables.ledgerActs.remove([number])),
      ...keeping(tables, entries),
    ]);
    if (agrees(now, seen)) return;
    const lines = lost.map((row) => this.#lineOf(row));
    report(actsLost(Math.max(lines.length, seen.number - entries.length, 1), lines));
  }

  #lineOf({ act, operator }: LedgerActRow): Omit<LedgerLine, 'number'> {
    const { trust } = this.#init.anchor;
    return operator ? operatorLine(readOperatorAct(act, trust)) : lineOf(readAct(act, trust));
  }

  /** The ledger as the directory shows it, verified in itself. @throws Failure trust 'ledger-changed', 'act-forged' */
  async #read(): Promise<ReadLedger> {
    const { request, anchor } = this.#init;
    const entries: ReadEntry[] = [];
    let head = NO_ACTS;
    for (let more = true; more; ) {
      const page = await request('ledger.read', { from: entries.length });
      for (const { act, operator, digest } of page.acts) {
        const whole = act ?? operator;
        if (whole !== undefined && !sameBytes(digestOf(whole), digest)) throw changed();
        const read = act === undefined ? undefined : readAct(act, anchor.trust);
        const operated = operator === undefined || read ? undefined : readOperatorAct(operator, anchor.trust);
        const statement = read?.statement ?? operated;
        // What the actor saw is what everybody sees.
        if (statement && !sameBytes(statement.previous, head)) throw changed();
        head = chained(head, digest);
        const number = entries.length + 1;
        const line = { number, ...((read && lineOf(read)) ?? (operated && operatorLine(operated))) };
        const kept = whole && { number, act: whole, ...(operated && { operator: true as const }) };
        entries.push({ digest, head, line, ...(kept && { kept }) });
      }
      more = page.more;
    }
    return { head, entries, lines: entries.map(({ line }) => line) };
  }
}

interface ReadEntry {
  readonly digest: Uint8Array;
  /** Of the chain, with this one. */
  readonly head: Uint8Array;
  readonly line: LedgerLine;
  readonly kept?: LedgerActRow;
}

interface ReadLedger {
  readonly head: Uint8Array;
  readonly entries: readonly ReadEntry[];
  readonly lines: readonly LedgerLine[];
}

const agrees = ({ entries }: ReadLedger, { number, head }: { number: number; head: Uint8Array }): boolean =>
  number === 0 || (entries[number - 1] !== undefined && sameBytes(entries[number - 1]!.head, head));

const keeping = (tables: Tables, entries: readonly ReadEntry[]): Step[] =>
  entries
    .slice(-KEPT)
    .flatMap(({ kept, line }) => [
      ...(kept ? [tables.ledgerActs.put([line.number], kept)] : []),
      ...(line.number > KEPT ? [tables.ledgerActs.remove([line.number - KEPT])] : []),
    ]);

async function rowsOf(tables: Tables): Promise<LedgerActRow[]> {
  const rows: LedgerActRow[] = [];
  for await (const row of tables.ledgerActs.range([])) rows.push(row);
  return rows;
}

export function lineOf({ statement, by, seal }: Act): Omit<LedgerLine, 'number'> {
  const common = { by: by.user, at: timestamp(seal.at) };
  if (statement.action === 'settings' && statement.silence !== undefined) {
    const { user, until, reason } = statement.silence;
    const end = until === undefined ? {} : { until: timestamp(until) };
    return {
      action: until === undefined ? 'unsilence' : 'silence',
      ...common,
      user,
      ...end,
      ...(reason && { reason }),
    };
  }
  return {
    action: statement.action,
    ...common,
    ...('user' in statement && { user: statement.user }),
    ...('slow' in statement && { slow: statement.slow, readOnly: statement.readOnly }),
    ...('role' in statement && { role: statement.role }),
    ...('reason' in statement && statement.reason !== undefined && { reason: statement.reason }),
    ...('until' in statement && statement.until !== undefined && { until: timestamp(statement.until) }),
  };
}

const operatorLine = (statement: OperatorStatement): Omit<LedgerLine, 'number'> => ({
  action: statement.action,
  by: OPERATOR,
  at: timestamp(statement.at),
  ...('user' in statement && { user: statement.user }),
  ...('mode' in statement && { mode: statement.mode }),
});

function actsLost(count: number, lines: readonly Omit<LedgerLine, 'number'>[]): Failure {
  const named = lines
    .slice(0, NAMED)
    .map(({ by, action, user, role }) => [by, action, user, role].filter(Boolean).join(' '));
  const which = named.length > 0 ? `: ${named.join('; ')}${count > named.length ? '; …' : ''}` : '';
  return new Failure(
    'ledger-acts-lost',
    `the directory has lost ${count === 1 ? 'an act' : `${count} acts`} of its ledger${which}`,
    {
      details: { count },
    },
  );
}

const changed = (): Failure => new Failure('ledger-changed');
