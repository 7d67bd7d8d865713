import type { CodeRow } from './code.js';

/** Links for people without p2pchat. Those that a guest meets are worded for whoever has nothing but the link. */
export const GUESTS = {
  'guest-link-ended': [
    'ended',
    'The link has ended.',
    'Ask whoever gave it to you for a new one; its maker makes one with share.',
  ],
  'guest-link-key': [
    'trust',
    'The link is not whole: what stands behind its # is not what its maker gave out.',
    'Copy all of it once more from where it came.',
  ],
  'guest-link-unknown': ['unknown', 'There is no such link.', 'Look at it again; share list shows those there are.'],
  'guest-link-used': [
    'ended',
    'The link has been used as often as it may be.',
    'Ask whoever gave it to you for a new one; its maker makes one with share.',
  ],
  'guest-links-full': [
    'limit',
    'You have as many links for guests as one account may have.',
    'End one that is not needed any more: share list, then share end ID.',
  ],
  'guest-page-lost': [
    'internal',
    'The page for guests is not in this installation.',
    'Build it, or install the package anew.',
  ],
  'guest-request': ['usage', 'That is not something a link for guests answers.', 'Open the link in a browser.'],
  'guest-drop-damaged': [
    'trust',
    'What a guest handed in is not whole: the directory gave out something else than was sealed.',
    'Nothing of it was kept. Ask the guest to hand it in once more; if it happens again, tell the operator.',
  ],
  'guest-drop-foreign': [
    'trust',
    'Something was handed in that was not sealed for this link, by somebody who has all of it.',
    'Nothing of it was kept. The page that the guest saw may have been a false one: ask them what it was, by another way.',
  ],
  'guest-drop-gone': [
    'ended',
    'What a guest handed in is gone: it lay at the directory for longer than that keeps files.',
    'Ask the guest to hand it in once more, and keep a chat or listen running while you collect.',
  ],
  'guest-too-large': [
    'limit',
    'The file is larger than this link takes.',
    'Ask whoever gave you the link for one that takes more.',
  ],
  'guest-visit-unknown': ['unknown', 'This visit has not begun, or is forgotten.', 'Open the link anew.'],
  'guests-off': [
    'usage',
    'This directory lets no guests in.',
    'Ask its operator to start it with --guests (docs/guests.md).',
  ],
  'guests-plain': [
    'usage',
    'Browsers open links for guests by https only, or from this machine.',
    'Give --guests-cert and --guests-key, or --guests-url with the https address of the proxy before it.',
  ],
  'guests-tls': [
    'usage',
    'The certificate for guests cannot be used.',
    'Give --guests-cert a PEM file with the whole chain, and --guests-key the PEM file of its key.',
  ],
  'guests-url': [
    'usage',
    'That is not what links can begin with.',
    'Give --guests-url an address such as https://chat.example.org/, without ? and #.',
  ],
  'guests-unsupported': [
    'usage',
    'This directory is of an earlier version and knows no links for guests.',
    'Ask its operator to update it.',
  ],
} as const satisfies Record<string, CodeRow>;
