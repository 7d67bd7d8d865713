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
    'The message stays queued here, and leaves when the other device has been online.',
  ],
  'mailbox-share': [
    'limit',
    'as much of yours waits for the receiving device as one account may leave there',
    'The message stays queued here, and leaves when the other device has been online.',
  ],
  'membership-refused': [
    'trust',
    'A change to the conversation was refused.',
    "Nothing was shown to them. Tell the directory's operator, and compare safety numbers with your contact.",
  ],
  'message-ambiguous': ['usage', 'More than one message begins so.', 'Give more of its id.'],
  'message-mislabelled': [
    'trust',
    'a message came under another name than its author gave it',
    "Somebody on the way changes messages: tell the directory's operator.",
  ],
  'message-needed': ['usage', 'Which message?', 'Give its id, or a part of it that no other has.'],
  'message-of-others': [
    'denied',
    'that message cannot be changed by you',
    'Only its author edits or deletes a message.',
  ],
  'message-unknown': ['unknown', 'There is no such message.', 'See /history for the messages there are.'],
  'mls-future-epoch': [
    'protocol',
    'It is of an epoch that has not begun here.',
    'Read the group log up to that epoch, then open it again.',
  ],
  'mls-invalid': [
    'protocol',
    "It is well formed, and fails a check which every honest member's message passes.",
    'The message is left aside.',
  ],
  'mls-key-package-expired': [
    'protocol',
    'The lifetime of a key package has not begun or is over.',
    'Ask the directory for another key package.',
  ],
  'mls-malformed': [
    'protocol',
    'It is not an MLS message, or not in its only valid form.',
    'The other side speaks another protocol or a newer version: update p2pchat on both sides.',
  ],
  'mls-other-group': ['protocol', 'It is of another group.', 'The message is left aside.'],
  'mls-own-message': ['protocol', 'It was sent by this very device.', 'The message is left aside.'],
  'mls-past-epoch': [
    'protocol',
    'It is of an epoch whose keys are gone.',
    'It came too late to be read: ask its sender to send it again.',
  ],
  'mls-proposal-missing': [
    'protocol',
    'A change of the group refers to a proposal, and nobody makes proposals here.',
    'Nothing to do: the group begins its keys anew.',
  ],
  'mls-refused': ['protocol', 'It names a device or a change that is not allowed.', 'The message is left aside.'],
  'mls-removed': ['protocol', 'This device is no member any more.', 'Ask a member to add this device again.'],
  'mls-replay': ['protocol', 'It was opened before, or is so old that its key is gone.', 'The message is left aside.'],
  'mls-rolled-back': [
    'protocol',
    'It was sent by this very device, which knows nothing of it.',
    'This device was restored from an older copy: rejoin the conversation.',
  ],
  'mls-too-far': [
    'protocol',
    "It is further ahead of its sender's last message than is followed.",
    'The message is left aside.',
  ],
  'mls-unpatched': [
    'protocol',
    'The installed ts-mls lacks the corrections of patches/.',
    'Run npm start or npm run build in the folder of the sources, or install p2pchat again.',
  ],
  'mls-unreadable': ['protocol', 'It does not decrypt, or its signature is wrong.', 'The message is left aside.'],
  'mls-unusable': [
    'protocol',
    'What was asked for cannot be done in this state of the conversation.',
    'The message is left aside.',
  ],
  'no-key-packages': [
    'unreachable',
    'No device of this person can be written to yet.',
    'The message is queued and leaves when they have been online.',
  ],
  'send-self': ['usage', 'that is you', 'Name another person; /activeuser lists who is there.'],
  'text-empty': ['usage', 'there is nothing to send', 'Write a text after the name.'],
  'text-too-long': ['limit', 'The text is longer than a message may be.', 'Send it in parts, or as a file.'],
  'welcome-unknown': [
    'protocol',
    'an invitation into a conversation is for keys this device no longer has',
    'Write to the person: the conversation starts anew with fresh keys.',
  ],
} as const satisfies Record<string, CodeRow>;
