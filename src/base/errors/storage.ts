import type { CodeRow } from './code.js';

/** What is kept on a disk, and the profile that keeps it. */
export const STORAGE = {
  'authority-damaged': [
    'storage',
    "The file with the authority's keys cannot be used.",
    'Restore authority.json and the database beside it from a backup.',
  ],
  'authority-missing': [
    'storage',
    'the file authority.json of this directory is gone',
    'Restore authority.json from the backup from which the database is, or the whole folder.',
  ],
  'authority-other': [
    'storage',
    'this database belongs to another authority than the one beside it',
    'Restore authority.json and the database from the same backup.',
  ],
  'backup-damaged': [
    'storage',
    'The backup is damaged: a piece of it is not as it was written.',
    'Use another copy of it. Nothing was taken from this one.',
  ],
  'backup-invalid': [
    'usage',
    'That is not a backup that this program can read.',
    "Give a file that 'p2pchat backup' has written; one of a newer program needs that.",
  ],
  'backup-locked': [
    'credentials',
    'This does not open the backup.',
    'Check each word, and that the backup is of this account.',
  ],
  'backup-other-account': [
    'trust',
    'This backup is of another account.',
    'Write to another file, or use a backup of this account. To restore that one, set P2PCHAT_HOME to an empty folder.',
  ],
  'backup-other-secret': [
    'usage',
    'This backup is sealed in another way.',
    'Give --under passphrase for a passphrase; leave it out for the recovery phrase.',
  ],
  'backup-truncated': [
    'storage',
    'The end of the backup is missing.',
    'Use another copy of it, or fetch it again whole. Nothing was taken from this one.',
  ],
  'backup-unwritable': [
    'usage',
    'The backup cannot be written there.',
    'Give a file in a folder that exists and that you may write to.',
  ],
  'export-altered': [
    'trust',
    'The export is not as the one who made it has signed it.',
    'Get it again from whoever made it.',
  ],
  'export-author': [
    'trust',
    'A line of the export is not by the person it names.',
    'Get the export again from whoever made it. `details` name the line.',
  ],
  'export-gap': [
    'trust',
    'A line was dropped from the export.',
    'Get it again from whoever made it. `details` say where.',
  ],
  'export-invalid': [
    'usage',
    'That is not a signed export that this program can read.',
    "Give a file that 'p2pchat export --signed' has written; one of a newer program needs that.",
  ],
  'export-line-changed': [
    'trust',
    'A line of the export was changed.',
    'Get the export again from whoever made it. `details` name the line.',
  ],
  'export-other-directory': [
    'trust',
    'The export is of another directory.',
    'Give the link or the fingerprint of that directory, if you trust it.',
  ],
  'export-other-room': [
    'trust',
    'A line of the export, or all of it, is of another room.',
    'Get the export again from whoever made it.',
  ],
  'export-reordered': [
    'trust',
    'The lines of the export are not in their order.',
    'Get it again from whoever made it.',
  ],
  'export-truncated': ['trust', 'The end of the export is missing.', 'Get it again whole.'],
  'export-unsigned': [
    'usage',
    'Only groups with shared history have signatures that others can verify.',
    'Name such a group, a room for instance: export #lobby --signed.',
  ],
  'restore-taken': [
    'usage',
    'There is a profile in this folder already.',
    'To take a backup into it: p2pchat import FILE. To restore beside it, set P2PCHAT_HOME to an empty folder.',
  ],
  'data-needed': ['usage', 'the directory needs a folder for its data', 'Give one with --data DIR.'],
  'database-memory': [
    'usage',
    'this directory keeps everything in memory: there are no databases',
    'Start it with --store level to have several.',
  ],
  'database-name': [
    'usage',
    'that is not a name for a database',
    "Use 1 to 32 letters, digits, '_' and '-', beginning with a letter or digit.",
  ],
  'descriptors-exhausted': [
    'limit',
    'The process has too many files and connections open: nothing was stored.',
    'Try again in a moment; if this persists, raise the limit of open files (ulimit -n).',
  ],
  'directory-full': [
    'storage',
    "the directory's disk is full: nothing was stored",
    'The operator has to free some space. Your message stays queued here until then.',
  ],
  'directory-storage': [
    'unreachable',
    'the directory cannot store anything at the moment',
    'The operator has to look into its log. Your message stays queued here until then.',
  ],
  'home-unusable': [
    'storage',
    "The profile's folder can't be used.",
    'Give p2pchat a folder of your own by P2PCHAT_HOME.',
  ],
  'not-watchable': ['storage', 'Another command is running on this profile at the moment.', 'Try again.'],
  'profile-damaged': [
    'storage',
    'this profile has lost its keys',
    'Update p2pchat, or restore the file from a backup; the history beside it is not lost.',
  ],
  'profile-in-use': [
    'storage',
    'Another process uses this profile and does not answer.',
    'End it, or give this command another profile by P2PCHAT_HOME.',
  ],
  'row-damaged': [
    'storage',
    'something kept in this profile is damaged',
    'Restore the profile from a backup, or remove what is damaged and let it be fetched again.',
  ],
  'backup-changed': [
    'storage',
    'The backup is not as it was when it was made.',
    'Use another one. It was not put back.',
  ],
  'copy-differs': [
    'storage',
    'What was written is not what was read.',
    'Was one of them in use meanwhile? Do it once more: only what differs is written. The source is as it was.',
  ],
  'directory-none': [
    'usage',
    'There is no directory.',
    'Give level:DIR with the --data folder of a directory, or nats://… with its --key-file.',
  ],
  'directory-running': [
    'usage',
    'A directory runs on this store.',
    'Stop it first, and every process that stands by: p2pchat directory stop.',
  ],
  'store-backup': [
    'storage',
    'This is a backup.',
    'Put it back with p2pchat directory restore. To serve from the backup itself, start with --restored.',
  ],
  'store-incomplete': [
    'storage',
    'A directory is being copied here, and is not all there.',
    'Run the command that copies it once more: it goes on where it stopped.',
  ],
  'store-moved': [
    'storage',
    'The directory was moved from here to another store.',
    'Start it there. If that is lost, start here with --restored: members hand in what is lacking.',
  ],
  'store-not-empty': [
    'usage',
    'There is something in the store that was to be written.',
    'Give an empty folder, or another name in NATS: nats://…?name=NAME.',
  ],
  'store-closed': ['storage', 'The store is closed.', 'Open it again.'],
  'store-conflict': ['storage', 'A row was changed by someone else.', 'Read it again and repeat the change.'],
  'store-damaged': [
    'storage',
    'The store is damaged.',
    'Restore the latest backup into a new folder; the damaged one is left as it is.',
  ],
  'store-exists': ['storage', 'A row is already there.', 'Read it and replace it by its revision.'],
  'store-failed': [
    'storage',
    'Writing to the disk failed. Nothing more is written.',
    'Check the disk and the system log, then start the program again.',
  ],
  'store-in-use': [
    'storage',
    'Another process is using the store.',
    'End the other p2pchat on this profile, or use another one (P2PCHAT_HOME).',
  ],
  'store-key': [
    'internal',
    'A name cannot be used as a key.',
    'This is a fault of the program: names from outside must go through path() first.',
  ],
  'store-migrations': [
    'internal',
    'The migrations of the store are not in order.',
    'This is a fault of the program: please report it.',
  ],
  'store-missing': [
    'storage',
    'the database of this directory is gone: its authority is there, its store is not',
    'Restore the folder from a backup. To begin anew, with another fingerprint, move the whole folder away.',
  ],
  'store-newer': [
    'storage',
    'The store was written by a newer program.',
    'Use the newer program that wrote it, or restore a backup made before the upgrade.',
  ],
  'store-quota': ['limit', 'This exceeds the bytes allowed.', 'Delete something, or ask for a larger quota.'],
  'store-slot': [
    'internal',
    'A write was checked before its state was known.',
    'This is a fault of the program: please report it.',
  ],
  'store-unreadable': [
    'storage',
    'Reading from the disk failed.',
    'Check the disk, the permissions of the folder and the system log, then try again.',
  ],
  'store-value-size': ['limit', 'A value is larger than the store allows.', 'Store it as a blob, or in parts.'],
  'too-many-files': [
    'transfer',
    'There are more files than one transfer may have.',
    'Pack them into an archive, or send them in parts.',
  ],
  'vault-damaged': [
    'storage',
    "the profile's key file is damaged or of a newer version",
    'Update p2pchat, or restore the profile from a backup.',
  ],
  'store-address': [
    'usage',
    'That is not an address of a store.',
    'Give level, or nats://HOST:PORT,HOST:PORT,HOST:PORT; credentials go into a file: --nats-credentials FILE.',
  ],
  'store-unavailable': [
    'storage',
    'The NATS servers do not answer as they should.',
    'Check that most of them run and reach each other; what was asked may or may not have been done.',
  ],
  'store-unreachable': [
    'storage',
    'No NATS server can be used.',
    'Check the addresses, that the servers run, and the files given for credentials and TLS.',
  ],
  'store-servers': [
    'storage',
    'The NATS servers cannot keep a directory as they are.',
    'docs/operations.md says how they are to be set up.',
  ],
  'file-unreadable': ['usage', 'A file cannot be read.', 'Check its path and permissions.'],
  'lease-lost': [
    'storage',
    'Another process may serve this directory now.',
    'Start it again: it stands by until it may serve.',
  ],
  'key-file-wrong': [
    'credentials',
    "This key does not open the directory's secrets.",
    'Give the --key-file, or the passphrase, that the first process was started with.',
  ],
  'key-file-short': [
    'usage',
    "The directory's key is too short.",
    'Make one: head -c 32 /dev/urandom | base64 > FILE. Keep it with mode 0600, and a copy elsewhere.',
  ],
  'key-file-needed': [
    'usage',
    "A store that processes share holds the directory's secrets, sealed.",
    'Give --key-file FILE, the same for every process. One is made by: head -c 32 /dev/urandom | base64 > FILE',
  ],
} as const satisfies Record<string, CodeRow>;
