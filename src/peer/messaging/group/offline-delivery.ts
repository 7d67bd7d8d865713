import { hex } from '../../../base/bytes.js';
import { ARCHIVE_KEY_BYTES, ASIDE_LABEL, archiveEpoch, openArchived, sealArchived } from '../../../crypto/archive.js';
import { contentCodec } from '../../../wire/content.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import type { Via } from '../../api/events.js';
import type { GroupOutRow } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import type { QueuedItem } from '../delivery-link.js';
import { lineOf } from '../message-content.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { refused } from './membership.js';

export interface OfflineDeliveryInit extends GroupContext {
  find(id: Uint8Array): Group | undefined;
  /** A number for a line that has no place in the log yet. */
  nextLine(): number;
  /** As of `GroupSender.leavesAside`. */
  leaves(group: Group, row: GroupOutRow): Promise<boolean>;
}

export interface OfflineMessage {
  readonly id: Uint8Array;
  readonly group: Uint8Array;
  readonly sealed: Uint8Array;
  readonly via: Via;
}

interface Leaving {
  readonly item: QueuedItem;
  readonly has: Set<string>;
  leaves(): Promise<boolean>;
}

const TRIES = 5;
const RETRY_MS = 300;

/**
 * Texts of a group while the directory is away: they go over direct links to the members who can be reached, and are shown
 * there; in the log they stand later, under the same ids. Sealed under a secret of the epoch (RFC 9420 §8.5), as signals
 * are, because no ratchet may move for what is sealed again for the log; signed by the author's device.
 */
export class OfflineDelivery {
  readonly #init: OfflineDeliveryInit;
  /** Devices that have a message which waits. */
  readonly #has = new WeakMap<GroupOutRow, Set<string>>();

  constructor(init: OfflineDeliveryInit) {
    this.#init = init;
  }

  /** To every device of the group that can be reached and has not got it. */
  spread(group: Group, row: GroupOutRow): void {
    const { groups, self } = this.#init;
    // Who may write to such a group is the directory's to say.
    if (group.mls === undefined || group.roster.readOnly || contentCodec.decode(row.content).type !== 'text') return;
    const sealed = this.#sealed(group, row);
    const has = this.#has.get(row) ?? new Set();
    this.#has.set(row, has);
    const leaves = (): Promise<boolean> => this.#init.leaves(group, row);
    for (const { user, device } of groups.members(group.mls)) {
      if (device === self.device || has.has(device) || !group.roster.isMember(user)) continue;
      const item = { order: row.order, id: row.id, group: group.id, sealed };
      this.#deliver({ item, has, leaves }, { user, device }, TRIES);
    }
  }

  /** A link that is just coming up refuses at first; whatever fails for good waits for the directory anyway. */
  #deliver(leaving: Leaving, address: DeviceAddress, tries: number): void {
    const { scope, clock, isOnline } = this.#init;
    const { item, has, leaves } = leaving;
    const deliver = async (): Promise<void> => {
      const link = await this.#init.link(address);
      if (link === undefined || has.has(address.device) || !(await leaves())) return;
      await link.deliver(item);
      has.add(address.device);
    };
    const again = (): void => {
      if (tries > 0 && !isOnline() && !scope.closed) this.#deliver(leaving, address, tries - 1);
    };
    scope.run(deliver, () => scope.after(clock, RETRY_MS, again));
  }

  /** @returns false where it is of no named group. @throws Failure where it can't be taken in here */
  async take(message: OfflineMessage): Promise<boolean> {
    const group = this.#init.find(message.group);
    if (group === undefined) return false;
    await this.#init.enqueue(group, () => this.#take(group, message));
    return true;
  }

  async #take(group: Group, { id, sealed, via }: OfflineMessage): Promise<void> {
    const { tables, history, disk, note, onLine, self, anchor, clock } = this.#init;
    if (await tables.places.get(hex(id))) return;
    const inside = group.mls !== undefined && group.mls.state.epoch === archiveEpoch(sealed);
    if (!inside || group.roster.readOnly) throw refused(group, 'a message came from another state of it');
    const place = { use: 'aside' as const, directoryId: anchor.trust.directoryId, group: group.id, id };
    const opened = openArchived(sealed, this.#key(group), place, (user) => group.roster.standing(user)?.identityKey);
    if (!group.roster.isMember(opened.user)) throw refused(group, `${opened.user} is not a member`);
    const isSilenced = group.roster.silencedUntil(opened.user, clock.now()) !== undefined;
    if (isSilenced) throw refused(group, `${opened.user} is silenced`);
    const content = contentCodec.decode(opened.content);
    if (content.type !== 'text') throw refused(group, 'only texts go straight');
    const conversation = conversationIn(group.row.name);
    const mine = foldName(opened.user) === foldName(self.user);
    const line = lineOf(content, { conversation, from: opened.user, self: self.user, since: clock.now() });
    const said = { id, via, ...line, ...(mine && { state: 'queued' as const }) };
    const added = history.lineAt(conversation, this.#init.nextLine(), said);
    const head = await history.head(conversation);
    head.unread ??= 0;
    if (!mine) history.count(head, added.row);
    const { unseen, step } = note(added.row);
    await disk.write([...added.steps, step, history.saveHead(head)]);
    onLine(added.row, unseen);
  }

  #sealed(group: Group, { id, content }: GroupOutRow): Uint8Array {
    const { self, random, anchor } = this.#init;
    const { epoch } = group.mls!.state;
    const place = { use: 'aside' as const, directoryId: anchor.trust.directoryId, group: group.id, epoch, id };
    const author = { user: self.user, key: self.key, statement: self.statement };
    return sealArchived(this.#key(group), place, { author, content, random });
  }

  #key(group: Group): Uint8Array {
    return this.#init.engine.exportSecret(group.mls!.state, ASIDE_LABEL, group.id, ARCHIVE_KEY_BYTES);
  }
}
