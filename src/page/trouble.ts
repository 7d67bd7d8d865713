/** Why it does not go on, in the words of whoever has nothing but a link. */

export interface Words {
  readonly what: string;
  readonly next: string;
}

const ASK = 'Ask whoever gave it to you for a new one.';

/** By the directory's code, or the page's own. */
const WORDS: Readonly<Record<string, Words>> = {
  'guest-link-used': { what: 'This link is used up: it has been opened as often as it may be.', next: ASK },
  'guest-link-ended': { what: 'This link has ended: its time is over, or its maker has ended it.', next: ASK },
  'guest-link-unknown': { what: 'There is no such link here, or no longer.', next: ASK },
  'guest-link-key': {
    what: 'The key in this link is wrong or was changed: a part behind the # is missing or is another one.',
    next: 'Copy the whole link once more from where it came.',
  },
  'guest-visit-unknown': { what: 'The directory has forgotten this visit.', next: 'Reload the page and begin again.' },
  'upload-gone': { what: 'The file is no longer there.', next: ASK },
  'rate-limited': { what: 'Too much was asked for at once.', next: 'Wait a minute, then go on.' },
  insecure: {
    what: 'This page came by plain http, where a browser lets no page seal or open anything, and where anybody on the way could have changed it.',
    next: 'Ask for a link that begins with https. Whoever runs the directory finds how in docs/operations.md, under “Guests”.',
  },
  'not-whole': {
    what: 'This link is not whole: there is no key behind a # in it.',
    next: 'Copy the whole link once more.',
  },
  'other-key': {
    what: 'The directory has given out another key than the one that this link is for, or the link was changed. What you hand in could be read by somebody else.',
    next: 'Don’t go on. Tell whoever gave you the link, by another way than this.',
  },
  'upload-quota': {
    what: 'There is no room left for it with whoever asks for it.',
    next: 'Tell them; they can make room, or raise it with whoever runs the directory.',
  },
  'guest-too-large': {
    what: 'The file is larger than this link takes.',
    next: 'Ask whoever gave you the link for one that takes more.',
  },
  'file-changed': { what: 'The file can’t be read any more as you chose it.', next: 'Choose it once more.' },
  changed: {
    what: 'What the directory gave out is not what belongs to this link: it was changed.',
    next: 'Don’t go on. Tell whoever gave you the link, by another way than this.',
  },
  damaged: {
    what: 'A part of the file came damaged or changed. Nothing was saved.',
    next: 'Try once more. If it happens again, tell whoever gave you the link.',
  },
  lost: {
    what: 'The connection was lost.',
    next: 'What is there already is kept while this page stays open: go on when it is back.',
  },
  'not-saved': {
    what: 'The file could not be saved here.',
    next: 'See whether there is room on the disk, then begin again.',
  },
};

const OTHER: Words = { what: 'This did not work.', next: 'Try once more later.' };

export class Trouble extends Error {
  readonly code: string;
  /** Seconds until it is worth another try. */
  readonly seconds: number;

  constructor(code: string, seconds = 0) {
    super(code);
    this.code = code;
    this.seconds = seconds;
  }

  get words(): Words {
    return Object.hasOwn(WORDS, this.code) ? WORDS[this.code]! : OTHER;
  }

  /** Trying again may help, without a new page. */
  get mayPass(): boolean {
    return [
      'lost',
      'rate-limited',
      'damaged',
      'not-saved',
      'internal',
      'file-changed',
      'guest-too-large',
      'upload-quota',
    ].includes(this.code);
  }
}
