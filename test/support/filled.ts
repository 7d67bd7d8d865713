import { systemClock } from '../../src/base/clock.js';
import { systemRandom } from '../../src/base/random.js';
import { openVault, sealer } from '../../src/crypto/vault.js';
import { History } from '../../src/peer/messaging/history.js';
import { Preferences } from '../../src/peer/messaging/preferences.js';
import { readProfile, storeFolder } from '../../src/peer/storage/profile.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { Step } from '../../src/store/local.js';

const TOGETHER = 500;

/** So many lines in each conversation of a profile that nobody has open, as `user` and the others have said them. */
export async function fill(
  home: string,
  password: string,
  {
    user,
    conversations,
    each,
  }: { readonly user: string; readonly conversations: readonly string[]; readonly each: number },
): Promise<void> {
  const { key } = await openVault((await readProfile(home))!.vault, password);
  const disk = await openLevelStore({ folder: storeFolder(home) });
  try {
    const tables = openTables(disk, sealer(key, systemRandom));
    const look = new Preferences({ tables, disk, self: user });
    const history = new History({ tables, disk, clock: systemClock, look, onExpiring: () => [] });
    for (const conversation of conversations) {
      const head = await history.head(conversation);
      for (let at = 0; at < each; at += TOGETHER) {
        const steps: Step[] = [];
        for (let n = 0; n < Math.min(TOGETHER, each - at); n++) {
          const own = n % 2 === 0;
          const body = `line ${at + n}: what people say to each other is some eighty characters long, more or less`;
          const from = own ? user : conversation.slice(1);
          const line = { id: systemRandom.bytes(16), from, body, sentAt: systemClock.now() };
          const added = await history.append(head, { ...line, via: 'direct', ...(own && { state: 'read' as const }) });
          steps.push(...added.steps);
        }
        await disk.write(steps);
      }
      head.read = head.last;
      head.unread = 0;
      await disk.write([history.saveHead(head)]);
    }
  } finally {
    await disk.close();
  }
}
