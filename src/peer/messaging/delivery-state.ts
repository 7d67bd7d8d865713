import type { DeliveryState } from '../api/events.js';

/** From the weakest to the strongest; a state never goes back. */
const STATES: readonly DeliveryState[] = ['queued', 'failed', 'stored', 'delivered', 'read'];

export const isAtLeast = (state: DeliveryState, wanted: DeliveryState): boolean =>
  STATES.indexOf(state) >= STATES.indexOf(wanted);
