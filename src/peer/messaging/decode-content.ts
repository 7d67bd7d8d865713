import { type Content, contentCodec } from '../../wire/content.js';

/** Undefined for what this program does not know, or can't make sense of. @throws nothing */
export function decodeContent(encoded: Uint8Array): Content | undefined {
  try {
    return contentCodec.decode(encoded);
  } catch {
    return undefined;
  }
}
