import type { Person } from './stage.js';

/** What a person sees of a conversation, besides what each device finds out by itself. */
export async function seen(person: Pick<Person, 'does'>, conversation: string) {
  const events = await person.does(['history', conversation, '1000']);
  return events
    .filter(({ event }) => event === 'message')
    .map(({ id, from, text, sentAt, edited, deleted, reactions, replyTo, seq }) => ({
      ...{ id, from, text, sentAt, edited, deleted, reactions, replyTo, seq },
    }));
}
