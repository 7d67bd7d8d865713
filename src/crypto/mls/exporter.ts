import type { State } from './state.js';
import { digest, expandWithLabel, hashBytes } from './suite.js';

/** MLS-Exporter (RFC 9420 §8.5). */
export function exportFrom({ suite, core }: State, label: string, context: Uint8Array, length: number): Uint8Array {
  const secret = expandWithLabel(suite, core.keySchedule.exporterSecret, label, new Uint8Array(), hashBytes(suite));
  return expandWithLabel(suite, secret, 'exported', digest(suite, context), length);
}
