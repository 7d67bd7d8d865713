import * as v from 'valibot';
import { SEALED_BYTES, TEXT_BYTES } from './limits.js';
import { codec, exactly, list, text, time } from './schema.js';

/**
 * What is inside a sealed message. Its id is not repeated here: it travels as the MLS authenticated data, so that what
 * the outside calls a message and what its author called it are the same. A type that isn't known is kept and not shown.
 */

export const MESSAGE_ID_BYTES = 16;

const messageId = exactly(MESSAGE_ID_BYTES);

const contentSchema = v.variant('type', [
  v.object({
    type: v.literal('text'),
    body: text(TEXT_BYTES),
    sentAt: time(),
  }),
  v.object({
    type: v.literal('receipt'),
    state: v.picklist(['delivered', 'read']),
    ids: list(messageId, 256),
  }),
  /** The receiver could not open these (it lost its keys, or came too late): their author seals them again. */
  v.object({ type: v.literal('resend'), ids: list(messageId, 256) }),
]);
export type Content = v.InferOutput<typeof contentSchema>;
export const contentCodec = codec(contentSchema, SEALED_BYTES);
