import { Failure } from '../base/errors.js';
import type { Whoami } from '../peer/api/peer.js';
import { foldName, parseUserName } from '../wire/names.js';
import type { Shell } from './shell.js';

const otherPerson = (user: string): Failure =>
  new Failure('profile-taken', `This installation belongs to ${user} already.`, {
    hint: `Log in with: p2pchat login ${user}. For another account set P2PCHAT_HOME to another folder.`,
  });

/** Who logs in: as given, as the profile has it, or as a person answers. @throws Failure usage */
export async function nameOf(shell: Shell, name: string | undefined, profile: Whoami | undefined): Promise<string> {
  if (name !== undefined) {
    const { name: user, folded } = parseUserName(name);
    if (profile !== undefined && foldName(profile.user) !== folded) throw otherPerson(profile.user);
    return user;
  }
  if (profile !== undefined) return profile.user;
  const typed = shell.input().terminal ? await shell.input().line('User name: ') : undefined;
  if (typed !== undefined && typed.trim() !== '') return parseUserName(typed.trim()).name;
  throw new Failure('name-needed', 'Nobody has logged in here yet: who are you?', {
    hint: 'p2pchat login NAME --directory LINK, or p2pchat register NAME --directory LINK.',
  });
}
