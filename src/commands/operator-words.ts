import type { ModerationEvent } from '../peer/api/events.js';
import { cleanLine } from '../wire/text.js';

/** What whoever runs the directory has done at its console, in the words of all faces. */
export function operatorSays({ action, user: name, mode }: ModerationEvent): string {
  const user = cleanLine(name);
  switch (action) {
    case 'reset-second-factor':
      return `The operator has taken the second factor off ${user}: the password alone opens the account`;
    case 'unblock':
      return `The operator has lifted the block on ${user}'s password`;
    case 'owner':
      return `The operator has made ${user} the owner of this directory`;
    case 'account-reset':
      return `The operator has reset the account ${user}: its name is taken anew, with another identity`;
    case 'account-remove':
      return `The operator has removed the account ${user}`;
    case 'registration':
      return `The operator has set registration to ${mode ?? 'another mode'}`;
    default:
      return `The operator has acted: ${cleanLine(action)}`;
  }
}
