import * as v from 'valibot';
import { fromHex, hex } from '../base/bytes.js';
import { addresses } from './address.js';
import { ENDPOINTS_PER_DEVICE, LAN_NONCE_BYTES, LAN_TAG_BYTES, LAN_TAGS } from './limits.js';
import { codec, text } from './schema.js';

/**
 * What two devices say to each other by multicast DNS (RFC 6762) where no directory introduces them. A question's first name
 * has a nonce and the hour; each further one a tag that only one person recognises. An answer has the name that it answers
 * and, sealed for whoever asked, where the device is.
 */

export const LAN_SERVICE = '_p2pchat._udp.local';

export interface LanQuestion {
  readonly nonce: Uint8Array;
  /** Hours since 1970, as whoever asks counts them. */
  readonly hour: number;
  /** Hex. */
  readonly tags: readonly string[];
}

const HEADER = new RegExp(`^([0-9a-f]{${2 * LAN_NONCE_BYTES}})([0-9a-f]{8})$`);
const TAG = new RegExp(`^[0-9a-f]{${2 * LAN_TAG_BYTES}}$`);

const named = (label: string): string => `${label}.${LAN_SERVICE}`;

/** The label of a name in our service; undefined for any other name. Names know no case (RFC 6762 §16). */
function labelOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  const end = lower.length - LAN_SERVICE.length - 1;
  return end > 0 && lower.endsWith(`.${LAN_SERVICE}`) ? lower.slice(0, end) : undefined;
}

export const questionNames = ({ nonce, hour, tags }: LanQuestion): string[] =>
  [`${hex(nonce)}${hour.toString(16).padStart(8, '0')}`, ...tags].map(named);

/** Undefined where the names are no question of ours. */
export function readQuestion(names: readonly string[]): LanQuestion | undefined {
  const labels = names.slice(0, LAN_TAGS + 1).map(labelOf);
  const [, nonce, hour] = HEADER.exec(labels[0] ?? '') ?? [];
  if (nonce === undefined || hour === undefined) return undefined;
  const tags = labels.slice(1).filter((label): label is string => label !== undefined && TAG.test(label));
  return { nonce: fromHex(nonce), hour: Number.parseInt(hour, 16), tags };
}

export const answerName = named;

/** The tag that an answer is for; undefined for any other name. */
export function answeredTag(name: string): string | undefined {
  const label = labelOf(name);
  return label !== undefined && TAG.test(label) ? label : undefined;
}

/** What is sealed in an answer. Addresses stand without their zone, which is the asker's to know. */
export const lanAnswer = codec(v.object({ device: text(16), endpoints: addresses(ENDPOINTS_PER_DEVICE) }), 1_024);
export type LanAnswer = v.InferOutput<typeof lanAnswer.schema>;
