import type { PeerEvent } from './events.js';

type EventName = PeerEvent['event'];
type EventOf<E extends EventName> = Extract<PeerEvent, { event: E }>;
/** Of a union, the fields of any of its members. */
type FieldOf<T> = T extends unknown ? Exclude<keyof T, 'event'> : never;

interface EventRow<E extends EventName> {
  readonly about: string;
  /** Every field there may be, in the order in which the document lists them. */
  readonly fields: { readonly [F in FieldOf<EventOf<E>>]: string };
}

/**
 * What `docs/events.md` says of each event. An event or a field that is not here does not compile.
 */
export const EVENTS: { readonly [E in EventName]: EventRow<E> } = {
  ready: {
    about: 'The peer runs. The first event of `listen`.',
    fields: { user: 'this account', device: 'this device', directory: '`online` or `offline`' },
  },
  message: {
    about: 'Somebody said something: live, or while nobody was watching.',
    fields: {
      id: '32 hex digits, made by its sender',
      conversation: '`@user` or `#group`',
      from: 'who said it',
      text: 'made harmless to show',
      sentAt: "by the sender's clock",
      receivedAt: "by this device's clock",
      seq: 'in a group: its place in the log, the same for all members',
      via: '`direct`, `lan`, `relay`, `mailbox` or `group`',
      replyTo: 'the id of the message it answers',
      mentioned: 'true where the text names this person, or in a group `@all`',
      expiresAt: 'when it disappears from this device',
      muted: 'true where this person wants no notice of it',
      hidden: 'true in a group where its author is blocked: `text` is empty',
      upload: 'the file it tells of: `id`, `name`, `size`, `type`',
      poll: 'what it asks: `question`, `several`, `options` (`text`, `by`), `voters`, `closedAt`',
      history: 'true for what came while nobody was watching',
    },
  },
  sent: {
    about: "A message of one's own has got further; a state never goes back.",
    fields: {
      id: 'of the message',
      conversation: '`@user` or `#group`',
      state: '`queued`, `stored`, `delivered` or `read`; `failed` for good',
      by: 'of `read` in a group: who has read it',
    },
  },
  typing: {
    about: 'Somebody is writing, or is not any more.',
    fields: { conversation: '`@user` or `#group`', user: 'who', state: '`started` or `stopped`' },
  },
  unread: {
    about:
      'What was not read of a conversation is another number, though no message came: it was read here or elsewhere.',
    fields: {
      conversation: '`@user` or `#group`',
      unread: 'messages',
      mentions: 'of them, those that name this person',
    },
  },
  setting: {
    about: 'What holds in a conversation from now on.',
    fields: { conversation: '`@user` or `#group`', by: 'who said so', expire: 'life of new messages in s; 0: no end' },
  },
  presence: {
    about: 'A contact comes or goes.',
    fields: { user: 'who', state: '`online`, `away` or `offline`' },
  },
  trust: {
    about: 'What is known of the identity of a person.',
    fields: { user: 'who', change: '`new`, `verified`, `changed` or `revoked`', fingerprint: 'of the identity key' },
  },
  directory: {
    about: 'The directory can be reached, or not.',
    fields: { state: '`online` or `offline`', retryIn: 'while offline: ms until the next try' },
  },
  link: {
    about: 'The direct link to a person; their devices count as one.',
    fields: {
      user: 'who',
      state: '`up`, `silent` (nothing has come for 2 s) or `down`',
      path: '`direct`, `lan` or `relay`',
      rtt: 'round trip in ms; told again when it has changed much',
    },
  },
  transfer: {
    about: 'An offer of files, and how far it is.',
    fields: {
      id: '32 hex digits',
      direction: '`in` or `out`',
      peer: 'the other side',
      conversation: '`@user` or `#group`',
      files: 'each with `name`, `size`, and where known `type`, `path`, `sha256`',
      state: '`offered`, `accepted`, `running`, `paused`, `done`, `failed` or `declined`',
      bytes: 'content that has arrived',
      size: 'of all content, in bytes',
      rate: 'bytes/s of the last 2 s; once done, of all the time it ran',
      path: '`direct`, `lan`, `tcp` or `relay`',
      video: 'true where it can be watched while it arrives',
      timeLeft: 'while it runs: s',
      rtt: 'while it runs, measured by the sender: ms',
      loss: 'while it runs: part of the packets that was lost',
      datagram: "while it runs, on the sender's side: payload of one datagram in bytes",
      start: '`remembered` or `retreated`: whether it began with what the path carried before',
      endpoint: '`batch (koffi)` or `dgram`: how datagrams are sent and received here',
      offeredAt: 'when it was offered',
      leftOut:
        'while it is offered, and at the receiver when it is done: what of the folders is not sent, each with `name` and `why`',
      seconds: 'once done, where all of it came in one go: how long it ran',
      reason: 'why it is not faster',
      waiting: 'while it is offered or accepted, and does not run: `code`, `message`, `hint`',
      laid: 'what lies at the directory for whoever is away: `state` (`laying`, `laid`, `refused`), `bytes`, `expires`, `error`',
      pausedBy: '`here`, `there` or `both`',
      error: 'why it failed or was declined: `code`, `message`, `hint`',
    },
  },
  upload: {
    about: 'A file of a group that lies at the directory, sealed.',
    fields: {
      group: '`#group`',
      id: '32 hex digits',
      name: 'as its uploader says, made harmless to show; never a path to open',
      size: 'bytes',
      type: 'its media type',
      from: 'who uploaded it',
      state: '`uploading`, `stored`, `downloading`, `done`, `failed` or `expired`',
      bytes: 'content that is at the directory, or here',
      path: 'where it is here',
      expires: 'when the directory forgets it',
      error: '`code`, `message`, `hint`',
    },
  },
  guest: {
    about: 'A link for people without p2pchat, and what they do with it.',
    fields: {
      id: '32 hex digits',
      kind: '`share`: they fetch a file; `collect`: they hand in files',
      state: '`laying` while it is laid down, `open`, `visited`, `fetched`, `received`, `ended` or `failed`',
      name: 'of the file as guests see it, or what for; of `received` as the guest says; empty of a link that another device has made',
      size: 'bytes; of `collect` what a file may have',
      bytes: 'while it is laid down: content that is at the directory',
      link: 'once it is open: what to give out; whoever has it can open what is behind it',
      expires: 'when it ends',
      count: 'how often it may be used',
      used: 'how often it was',
      done: 'of these, how often to the end',
      path: 'where it is here',
      error: '`code`, `message`, `hint`',
    },
  },
  seed: {
    about: 'Told by a keeper alone: what another device of the account has laid down for somebody.',
    fields: {
      id: 'of the transfer',
      user: 'for whom',
      state: '`held` (the keeper has all of it), `laid` (laid down again) or `released` (nobody is going to fetch it)',
      size: 'bytes',
    },
  },
  change: {
    about: 'A message that was said before is another one now.',
    fields: {
      id: 'of the message',
      conversation: '`@user` or `#group`',
      from: 'who changed it',
      change: '`edited`, `deleted`, `reaction`, `expired`, `voted`, `closed`, `pinned` or `unpinned`',
      text: 'of an edit',
      reactions: 'all that there are now: `user`, `emoji`',
      poll: 'of `voted` and `closed`: as of `message`, as it stands now',
    },
  },
  group: {
    about: 'Somebody comes into a group, or goes.',
    fields: {
      group: '`#group`',
      change: '`created`, `invited`, `joined`, `left`, `added`, `removed` or `kicked`',
      user: 'who',
      by: 'whose doing it was',
    },
  },
  moderation: {
    about: 'A ban, a kick, a role, or what holds in a group; and what the operator of the directory does.',
    fields: {
      action:
        '`ban`, `unban`, `kick`, `silence`, `unsilence`, `role` or `settings`; of the operator `reset-second-factor`, `unblock`, `owner`, `account-remove`, `account-reset` or `registration`',
      user: 'whom it concerns; empty where it is nobody',
      by: 'who did it; `(operator)`; empty where the directory did',
      reason: 'as they said',
      until: 'when a ban or a silence ends',
      group: '`#group`; absent for the whole directory',
      role: 'of `role`: the new one',
      slow: 'of `settings`: seconds between two messages of one member',
      readOnly: 'of `settings`: whether only moderators write',
      mode: 'of `registration`: `open`, `invite` or `closed`',
    },
  },
  account: {
    about: "Something of one's own account has changed, or was seen to.",
    fields: {
      change: '`device`, `history`, `code`, `recovery`, `second-factor`, `preferences` or `upgrade`',
      state:
        '`added`, `revoked`; `asked` (that device asks for the history), `allowed`, `giving`, `given`, `waiting` (until it is allowed there), `taking`, `done`; of `code` `done`, `wrong` (words), `left` (in the middle), `expired`; `shown`, `checked`; `on`, `off`',
      device: 'of `device`, `history` and a `code` that is `done`: `id` and `name`',
      user: 'of a `code` that is `done`: who has come',
      group: 'of a `code` that is `done`: `#group` that the person was asked into',
      version: 'of `upgrade`: a later version of the program than this one, as directories and peers say',
      own: 'of `upgrade`: the version of this one',
      muted: 'of `preferences`: which conversations are muted now',
      lines: 'of `history`: messages that have come from that device so far',
      at: "of `device`: when, by the directory's clock",
      unlisted: 'true where it takes part in conversations and the directory does not list it',
    },
  },
  error: {
    about: 'Something went wrong while nobody waited for it. The codes are in errors.md.',
    fields: { code: 'stable; may be matched on', message: 'what happened', hint: 'the next step' },
  },
};
