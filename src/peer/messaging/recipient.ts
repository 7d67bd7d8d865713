import { Failure } from '../../base/errors.js';
import { foldName, parseUserName } from '../../wire/names.js';
import { conversationWith, isGroupId } from './conversation.js';

/** The name in `@user` or `user`, who must be somebody else. @throws Failure usage 'name-invalid', 'send-self' */
export function recipient(own: string, to: string): string {
  const { name, folded } = parseUserName(to.replace(/^@/, ''));
  if (folded === foldName(own)) {
    throw new Failure('send-self');
  }
  return name;
}

/** The conversation in `#group`, `@user` or `user`. @throws Failure usage 'name-invalid', 'send-self' */
export const conversationTo = (own: string, to: string): string =>
  isGroupId(to) ? to : conversationWith(recipient(own, to));
