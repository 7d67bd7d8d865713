import type { Preferences, PreferencesApi } from '../api/peer.js';
import type { Core } from '../session/core.js';

export interface WishesInit {
  readonly core: Pick<Core, 'preferences' | 'talk'>;
  /** Ends what goes straight between this person and that one. */
  part(user: string): void;
  /** @throws Failure usage 'name-invalid', 'send-self' */
  addressee(to: string): string;
}

/** The preferences as faces see them, with what follows from them. */
export function wishesOf({ core, part, addressee }: WishesInit): PreferencesApi {
  const { preferences, talk } = core;
  /** What counts as not read depends on who is heard. */
  const recounted = async (): Promise<Preferences> => {
    await talk.reading.recount();
    return preferences.get();
  };
  return {
    get: () => preferences.get(),
    set: (wanted) => preferences.set(wanted),
    mute: async (who, muted) => {
      await preferences.mute(who.startsWith('#') ? who : `@${addressee(who)}`, muted);
      return recounted();
    },
    block: async (user, blocked) => {
      const name = addressee(user);
      await preferences.block(name, blocked);
      if (blocked) part(name);
      return recounted();
    },
  };
}
