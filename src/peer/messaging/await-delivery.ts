import { fromHex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { DeliveryState } from '../api/events.js';
import type { PeerApi, SendResult } from '../api/peer.js';
import { isAtLeast } from './delivery-state.js';
import type { History } from './history.js';

interface Told {
  readonly clock: Clock;
  readonly history: Pick<History, 'find'>;
  readonly subscribe: PeerApi['subscribe'];
}

/**
 * The message's state once it is `until` or beyond, or what it is when `timeout` ms have passed.
 * @throws Failure unknown 'message-unknown'
 */
export function awaitDelivery(
  { clock, history, subscribe }: Told,
  id: string,
  until: DeliveryState,
  timeout: number,
): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    let latest: SendResult | undefined;
    const end = (): void => {
      unsubscribe();
      cancel();
    };
    const learn = (result: SendResult): void => {
      latest = result;
      if (result.state === 'failed' || isAtLeast(result.state, until)) settle(result);
    };
    const settle = (result: SendResult): void => {
      end();
      resolve(result);
    };
    const unsubscribe = subscribe((event) => {
      if (event.event === 'sent' && event.id === id) {
        learn({ id, conversation: event.conversation, state: event.state });
      }
    });
    const cancel: Cancel = clock.after(timeout, () => latest && settle(latest), 'process');
    const look = async (): Promise<void> => {
      const row = await history.find(fromHex(id));
      if (row === undefined) throw messageUnknown(id);
      learn({ id, conversation: row.conversation, state: row.state ?? 'delivered' });
    };
    look().catch((error: unknown) => {
      end();
      reject(toFailure(error));
    });
  });
}

const messageUnknown = (id: string): Failure => new Failure('message-unknown', `there is no message ${id}`);
