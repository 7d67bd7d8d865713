import { sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import { timestamp } from '../../../base/clock.js';
import { Failure, hasCode } from '../../../base/errors.js';
import { chained, digestOf, NO_ACTS, readAct, signStatement } from '../../../crypto/acts.js';
import type { SigningKey } from '../../../crypto/keys.js';
import type { LocalStore } from '../../../store/local.js';
import type { Act, Statement } from '../../../wire/acts.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
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
  readonly request: DirectoryRequest;
}

const TRIES = 16;

/**
 * The directory's acts. The head of their chain is remembered: a directory that changes or leaves out what this device
 * has seen before is found at the next look.
 */
export class ModerationLog {
  readonly #init: ModerationLogInit;

  constructor(init: ModerationLogInit) {
    this.#init = init;
  }

  /** @throws Failure trust 'ledger-changed', 'act-forged' */
  async read(): Promise<readonly LedgerLine[]> {
    return (await this.#follow()).lines;
  }

  /** Signs the deed upon the chain as it is. @throws Failure denied, as the directory judges */
  async act(deed: GroupAction): Promise<void> {
    const { request, key, anchor, clock } = this.#init;
    for (let tries = 0; ; tries++) {
      const { head: previous } = await this.#follow();
      const common = { directory: anchor.trust.directoryId, previous, at: clock.now() };
      try {
        await request('ledger.act', signStatement({ ...common, ...deed } as Statement, key));
        return;
      } catch (error) {
        if (!hasCode(error, 'head-moved') || tries === TRIES) throw error;
      }
    }
  }

  async #follow(): Promise<{ head: Uint8Array; lines: LedgerLine[] }> {
    const { request, tables, disk, anchor } = this.#init;
    const seen = (await tables.ledger.get('self')) ?? { number: 0, head: NO_ACTS };
    const lines: LedgerLine[] = [];
    let head = NO_ACTS;
    for (let more = true; more; ) {
      const page = await request('ledger.read', { from: lines.length });
      for (const { act, digest } of page.acts) {
        if (act !== undefined && !sameBytes(digestOf(act), digest)) throw changed();
        const read = act === undefined ? undefined : readAct(act, anchor.trust);
        // What the actor saw is what everybody sees.
        if (read && !sameBytes(read.statement.previous, head)) throw changed();
        head = chained(head, digest);
        lines.push({ number: lines.length + 1, ...(read && lineOf(read)) });
        if (lines.length === seen.number && !sameBytes(head, seen.head)) throw changed();
      }
      more = page.more;
    }
    if (lines.length < seen.number) throw changed();
    if (lines.length > seen.number) await disk.write([tables.ledger.put(['self'], { number: lines.length, head })]);
    return { head, lines };
  }
}

export function lineOf({ statement, by, seal }: Act): Omit<LedgerLine, 'number'> {
  return {
    action: statement.action,
    by: by.user,
    at: timestamp(seal.at),
    ...('user' in statement && { user: statement.user }),
    ...('slow' in statement && { slow: statement.slow, readOnly: statement.readOnly }),
    ...('role' in statement && { role: statement.role }),
    ...('reason' in statement && statement.reason !== undefined && { reason: statement.reason }),
    ...('until' in statement && statement.until !== undefined && { until: timestamp(statement.until) }),
  };
}

const changed = (): Failure => new Failure('ledger-changed');
