import * as v from 'valibot';

export const presenceSchema = v.picklist(['online', 'away', 'offline']);
export type PresenceState = v.InferOutput<typeof presenceSchema>;
