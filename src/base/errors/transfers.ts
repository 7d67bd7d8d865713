import type { CodeRow } from './code.js';

/** Files and videos between peers. */
export const TRANSFERS = {
  'address-in-use': [
    'unreachable',
    'Cannot open that address for UDP.',
    'Choose another address or port with --listen, or end the program that uses it.',
  ],
  'deposit-damaged': [
    'trust',
    'What was laid down at the directory is not what the sender encrypted.',
    'What was right is kept. Ask the sender to resume the transfer; if it happens again, tell the operator of the directory.',
  ],
  'deposit-expired': [
    'transfer',
    'It was not fetched in time, and the directory has it no longer.',
    'Offer it again when they are there, or lay it down once more.',
  ],
  'deposit-gone': [
    'transfer',
    'The directory does not have what was laid down, or no longer.',
    'What has come is kept. Ask the sender to resume the transfer, or to offer it again.',
  ],
  'deposit-needless': [
    'usage',
    'That transfer is under way, or over.',
    'Only what you have offered and nobody is fetching can be laid down: /transfers lists them.',
  ],
  'deposits-full': [
    'limit',
    'As many files wait for that person as one sender may have.',
    'Wait until some are fetched, or take one back: /transfers cancel ID.',
  ],
  'deposits-unsupported': [
    'usage',
    'This directory is of an earlier version and keeps files for groups only.',
    'It goes directly when both of you are there; ask the operator of the directory to update it.',
  ],
  'disk-failed': [
    'storage',
    'Writing to the disk failed.',
    'Check the disk, then resume the transfer: what has arrived is kept.',
  ],
  'disk-full': ['storage', 'There is no room left on the disk.', 'Free some space; what has arrived is kept.'],
  'echo-unanswered': [
    'unreachable',
    'the directory did not answer by UDP',
    'A firewall may block UDP: transfers then go over the direct TCP link.',
  ],
  'folder-changed': [
    'storage',
    'A folder or file was changed by somebody else while it was in use.',
    'Look at who else writes to the download folder, then accept the transfer again.',
  ],
  'folder-relative': ['usage', 'The folder needs its whole path.', 'Begin it with /.'],
  'group-empty': ['usage', 'Nobody else is in the group.', 'Bring somebody in: /invite USER'],
  'nothing-to-send': ['usage', 'there are no files in what you named', 'Name a file to send.'],
  'peer-disk-full': ['transfer', "The receiver's disk is full.", 'Ask for room there, then resume.'],
  'not-playable': [
    'usage',
    'This is no film and no music, whatever it is called.',
    'A player might ask addresses that stand in it. Look at the file itself once it has come.',
  ],
  'player-failed': ['usage', 'The player could not play it.', 'Name another with --player.'],
  'player-missing': ['usage', 'There is no player.', 'Install mpv or VLC, or name another with --player.'],
  'protocol-violation': [
    'transfer',
    'The receiver acknowledged packets that were never sent.',
    'Update p2pchat there.',
  ],
  'source-changed': ['transfer', 'the file has changed, or is gone, since the upload began', 'Upload it again.'],
  'source-unreadable': [
    'usage',
    'You may not read all of that.',
    'Change its permissions, or send the rest with --skip-unreadable.',
  ],
  'trace-unwritable': ['usage', 'The trace cannot be written.', 'Name a file in a folder that is there and yours.'],
  'transfer-ambiguous': ['usage', 'Several transfers begin so.', '/transfers lists them with their states.'],
  'transfer-cancelled': ['transfer', 'The transfer was cancelled.', 'Offer it again if that was a mistake.'],
  'transfer-corrupt': ['transfer', 'The same block keeps arriving damaged.', 'Check the memory of both machines.'],
  'transfer-declined': ['transfer', 'It was declined.', 'Ask them, then offer it again.'],
  'transfer-elsewhere': ['transfer', 'Another device of yours has answered the offer.', 'Continue on that device.'],
  'transfer-failed': [
    'transfer',
    'The other side could not go on.',
    'Once that is fixed there, either side can resume it: what has arrived is kept.',
  ],
  'transfer-not-begun': [
    'usage',
    'That transfer has not been accepted yet.',
    '/transfers lists them with their states.',
  ],
  'transfer-not-offered': ['usage', 'That is not an open offer.', '/transfers lists them with their states.'],
  'transfer-not-playable': [
    'usage',
    'nothing of that transfer has arrived here',
    'Accept it first; what arrives can then be played.',
  ],
  'transfer-not-running': ['usage', 'nothing of it has arrived yet', 'Try again in a moment.'],
  'transfer-over': ['usage', 'That transfer is over.', '/transfers lists them with their states.'],
  'transfer-paused': ['transfer', 'The other side stopped the transfer for now.', 'Resume it there.'],
  'transfer-paused-there': ['usage', 'The other side has paused it.', 'It goes on when they resume it.'],
  'transfer-silent': [
    'unreachable',
    'nothing was heard from the other side for some seconds',
    'It goes on by itself when the other side can be reached again.',
  ],
  'transfer-stopped': ['transfer', 'Transfers were ended.', 'They go on when the program is started again.'],
  'transfer-timeout': [
    'transfer',
    'Time ran out before everything had arrived.',
    'It goes on by itself; `transfers` shows how far it is.',
  ],
  'transfer-unknown': ['unknown', 'There is no such transfer, or more than one.', '/transfers lists them.'],
  'transfer-unreachable': [
    'unreachable',
    'the sender could not be reached',
    'Check that it is running, then start the transfer again: it goes on where it stopped.',
  ],
  'transfers-interrupted': [
    'internal',
    'All transfers were interrupted.',
    'They go on where they stopped. This is a fault of the program: please report it.',
  ],
  'unsafe-name': [
    'transfer',
    'The name of a file is not safe.',
    'Ask the sender to offer the files under plain names.',
  ],
  'video-one': ['usage', 'a video is one file', 'Send several files with /p2pfile.'],
  'list-too-long': [
    'transfer',
    'The file names are too long, taken together, for one transfer.',
    'Pack them into an archive and send that (tar czf NAME.tar.gz FOLDER), or send them in parts.',
  ],
  'path-too-long': [
    'transfer',
    'A path is too long for a transfer.',
    'Pack them into an archive and send that (tar czf NAME.tar.gz FOLDER), or send them in parts.',
  ],
  'too-deep': [
    'transfer',
    'A file is nested too deeply for a transfer.',
    'Pack them into an archive and send that (tar czf NAME.tar.gz FOLDER), or send them in parts.',
  ],
} as const satisfies Record<string, CodeRow>;
