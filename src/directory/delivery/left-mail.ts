import type { Clock } from '../../base/clock.js';
import { path, segments } from '../../store/keys.js';
import { MAIL_KEPT_MS } from '../../wire/limits.js';
import type { Devices } from '../authority/devices.js';
import type { Tables } from '../rows.js';
import type { Mailboxes } from './mailboxes.js';

export interface LeftMailInit {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly devices: Devices;
  readonly mailboxes: Mailboxes;
}

/**
 * The mail of devices that were logged out, shut out or banned. Its senders were told that it is stored, and the device may
 * come back: so it is kept for MAIL_KEPT_MS, for that device alone, and takes no more in meanwhile.
 */
export class LeftMail {
  readonly #init: LeftMailInit;

  constructor(init: LeftMailInit) {
    this.#init = init;
  }

  /** The device has left just now. */
  async left(folded: string, device: string): Promise<void> {
    await this.#init.tables.leftMail.put(path(folded, device), { at: this.#init.clock.now() });
  }

  /** Forgets who is back, and the mail of those who did not come. */
  async sweep(): Promise<void> {
    const { tables, clock, devices, mailboxes } = this.#init;
    for await (const row of tables.leftMail.range()) {
      const [folded, device] = segments(row.key) as [string, string];
      const isBack = (await devices.find(folded, device)) !== undefined;
      if (!isBack && clock.now() - row.value.at < MAIL_KEPT_MS) continue;
      if (!isBack) await mailboxes.empty(folded, device);
      await tables.leftMail.deleteAs(row);
    }
  }
}
