import { sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import { timestamp } from '../../../base/clock.js';
import { Failure, hasCode } from '../../../base/errors.js';
import type { Scope } from '../../../base/scope.js';
import { chained, digestOf, NO_ACTS, readAct, signStatement } from '../../../crypto/acts.js';
import type { SigningKey } from '../../../crypto/keys.js';
import { readOperatorAct } from '../../../crypto/operator-acts.js';
import type { LocalStore } from '../../../store/local.js';
import type { Act, Statement } from '../../../wire/acts.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
import { foldName } from '../../../wire/names.js';
import { OPERATOR, type OperatorStatement } from '../../../wire/operator-acts.js';
import type { ModerationEvent, PeerEvent } from '../../api/events.js';
import type { LedgerLine } from '../../api/groups.js';
import type { TrustAnchor } from '../../identity/trust-anchor.js';
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
    const { request, key, anchor, clock } = this.#init;
    for (let tries = 0; ; tries++) {
      const { head: previous } = await this.#follow();
      const common = { directory: anchor.trust.directoryId, previous, at: clock.now() };
      try {
        await request('ledger.act', signStatement({ ...common, ...action } as Statement, key));
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

  async #follow(): Promise<{ head: Uint8Array; lines: LedgerLine[] }> {
    const { request, tables, disk, anchor } = this.#init;
    const seen = (await tables.ledger.get('self')) ?? { number: 0, head: NO_ACTS };
    const lines: LedgerLine[] = [];
    let head = NO_ACTS;
    for (let more = true; more; ) {
      const page = await request('ledger.read', { from: lines.length });
      for (const { act, operator, digest } of page.acts) {
        const whole = act ?? operator;
        if (whole !== undefined && !sameBytes(digestOf(whole), digest)) throw changed();
        const read = act === undefined ? undefined : readAct(act, anchor.trust);
        const operated = operator === undefined || read ? undefined : readOperatorAct(operator, anchor.trust);
        const statement = read?.statement ?? operated;
        // What the actor saw is what everybody sees.
        if (statement && !sameBytes(statement.previous, head)) throw changed();
        head = chained(head, digest);
        const line = (read && lineOf(read)) ?? (operated && operatorLine(operated));
        lines.push({ number: lines.length + 1, ...line });
        if (lines.length === seen.number && !sameBytes(head, seen.head)) throw changed();
      }
      more = page.more;
    }
    if (lines.length < seen.number) throw changed();
    if (lines.length > seen.number)
      await disk.write([tables.ledger.put(['self'], { ...seen, number: lines.length, head })]);
    return { head, lines };
  }
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

const changed = (): Failure => new Failure('ledger-changed');
