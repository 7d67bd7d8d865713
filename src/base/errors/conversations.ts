import type { CodeRow } from './code.js';

/** Messages, and the conversations that carry them. */
export const CONVERSATIONS = {
  'direct-taken': [
    'denied',
    'another device made a group for this conversation first',
    'Use that group: its invitation is in your mailbox.',
  ],
  'mailbox-full': [
    'limit',
    'the mailbox of the receiving device is full',
    'The message stays queued, and is sent once the other device has been online.',
  ],
  'mailbox-share': [
    'limit',
    "your share of that device's mailbox is full",
    'The message stays queued, and is sent once the other device has been online.',
  ],
  'membership-refused': [
    'trust',
    'A change to the conversation was refused.',
    "Nothing was shown to them. Tell the directory's operator, and compare safety numbers with your contact.",
  ],
  'message-ambiguous': ['usage', 'More than one message id begins with that.', 'Give more characters of its id.'],
  'message-mislabelled': [
    'trust',
    'a message arrived under another id than its author gave it',
    "Somebody is changing messages on the way: tell the directory's operator.",
  ],
  'message-needed': ['usage', 'Which message?', 'Give its id, or a part of it that no other has.'],
  'message-of-others': ['denied', 'you cannot change that message', 'Only its author edits or deletes a message.'],
  'message-unknown': ['unknown', 'There is no such message.', 'See /history for the messages there are.'],
  'mls-future-epoch': [
    'protocol',
    'The message belongs to an epoch that has not begun on this device.',
    'Read the group log up to that epoch, then open it again.',
  ],
  'mls-invalid': [
    'protocol',
    "The message is well formed but fails a check that every honest member's message passes.",
    'Nothing to do: the message is ignored.',
  ],
  'mls-key-package-expired': [
    'protocol',
    'The lifetime of a key package has not begun or is over.',
    'Ask the directory for another key package.',
  ],
  'mls-malformed': [
    'protocol',
    'This is not a valid MLS message.',
    'The other side speaks another protocol or a newer version: update p2pchat on both sides.',
  ],
  'mls-other-group': ['protocol', 'The message belongs to another group.', 'Nothing to do: the message is ignored.'],
  'mls-own-message': [
    'protocol',
    'The message was sent by this same device.',
    'Nothing to do: the message is ignored.',
  ],
  'mls-past-epoch': [
    'protocol',
    'The message belongs to an epoch whose keys have been deleted.',
    'It came too late to be read: ask its sender to send it again.',
  ],
  'mls-proposal-missing': [
    'protocol',
    'A change of the group refers to a proposal, and nobody makes proposals here.',
    'Nothing to do: the group starts over with new keys.',
  ],
  'mls-refused': [
    'protocol',
    'The message names a device or a change that is not allowed.',
    'Nothing to do: the message is ignored.',
  ],
  'mls-removed': ['protocol', 'This device is no longer a member.', 'Ask a member to add this device again.'],
  'mls-replay': [
    'protocol',
    'The message was decrypted before, or is so old that its key has been deleted.',
    'Nothing to do: the message is ignored.',
  ],
  'mls-rolled-back': [
    'protocol',
    'The message was sent by this same device, which has no record of it.',
    'This device was restored from an older copy: rejoin the conversation.',
  ],
  'mls-too-far': [
    'protocol',
    "The message is too far ahead of its sender's last one.",
    'Nothing to do: the message is ignored.',
  ],
  'mls-unpatched': [
    'protocol',
    'The installed ts-mls lacks the corrections of patches/.',
    'Run npm start or npm run build in the folder of the sources, or install p2pchat again.',
  ],
  'mls-unreadable': [
    'protocol',
    'The message does not decrypt, or its signature is wrong.',
    'Nothing to do: the message is ignored.',
  ],
  'mls-unusable': [
    'protocol',
    'That cannot be done in the present state of the conversation.',
    'Nothing to do: the message is ignored.',
  ],
  'pins-full': [
    'limit',
    'as many messages are pinned in this conversation as can be',
    'Take one off first: /pins lists them, /unpin ID takes one off.',
  ],
  'poll-choice': ['usage', 'That is no answer to this poll.', 'Give the numbers of answers: /polls shows them.'],
  'poll-closed': ['denied', 'the poll is closed', 'Its result stands: /polls shows it.'],
  'poll-fixed': [
    'denied',
    'a poll cannot be edited, because people have voted on what it says',
    'Close it and make another one, or delete it.',
  ],
  'poll-options': [
    'usage',
    'A poll is a question and at least two different answers.',
    'Put a bar between them, as in: Where do we eat? | Pizza | Pasta.',
  ],
  'poll-unknown': ['unknown', 'That message is no poll.', 'See /polls for those there are.'],
  'no-key-packages': [
    'unreachable',
    'No device of this person can be written to yet.',
    'The message is queued, and is sent once they have been online.',
  ],
  'send-self': ['usage', 'that is you', 'Name another person; /activeuser lists who is there.'],
  'text-empty': ['usage', 'there is nothing to send', 'Write a text after the name.'],
  'text-too-long': ['limit', 'The text is longer than a message may be.', 'Send it in parts, or as a file.'],
  'welcome-unknown': [
    'protocol',
    'an invitation to a conversation is encrypted for keys that this device no longer has',
    'Write to the person: the conversation starts anew with fresh keys.',
  ],
} as const satisfies Record<string, CodeRow>;
