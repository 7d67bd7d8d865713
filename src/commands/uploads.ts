import { Failure } from '../base/errors.js';
import type { UploadEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';
import { type Command, type Context, define } from './command.js';
import { groupHere } from './groups.js';
import { untilOver } from './until-over.js';
import { uploadLine, uploadNotice, uploadProgress } from './upload-lines.js';

const until = (peer: PeerApi, begin: () => Promise<UploadEvent>): AsyncGenerator<UploadEvent> =>
  untilOver(peer, {
    begin,
    follow: (listener: (event: UploadEvent) => void) => peer.uploads.follow(listener),
    over: (id) => peer.uploads.finished(id),
  });

async function* send(peer: PeerApi, group: string, path: string, context: Context): AsyncGenerator<UploadEvent> {
  if (context.face === 'slash') {
    // The chat shows the events by itself.
    await peer.uploads.send(group, path);
    return;
  }
  if (peer.directoryState === 'offline') throw offline();
  yield* until(peer, () => peer.uploads.send(group, path));
}

const offline = (): Failure =>
  new Failure('directory-offline', 'the directory cannot be reached, and it keeps the files of groups', {
    hint: 'Try again when it is back; in the chat /upload waits for it.',
  });

const PATH = { type: 'path', about: 'the file' } as const;

const upload: readonly Command[] = [
  define({
    name: 'upload',
    parameters: { group: { type: 'group', about: 'the group' }, path: PATH },
    about: 'Upload a file for all members of a group, online or not; the directory keeps it, encrypted, for a while.',
    examples: { shell: "'#friends' plan.pdf" },
    run: (peer, { group, path }, context) => send(peer, group, path, context),
    lines: uploadNotice,
    progress: uploadProgress,
  }),
  define({
    name: 'upload here',
    slash: 'upload',
    shell: false,
    parameters: {
      path: PATH,
      group: { type: 'group', optional: true, about: 'the group; the one the chat is in, if not given' },
    },
    about: 'Upload a file for all members of the group, online or not; the directory keeps it, encrypted, for a while.',
    examples: { slash: '~/plan.pdf' },
    run: (peer, { group, path }, context) => send(peer, groupHere(group, context), path, context),
    lines: uploadNotice,
    progress: uploadProgress,
  }),
];

const files = define({
  name: 'files',
  empty: 'Nothing was uploaded.',
  slash: 'files',
  parameters: {
    group: { type: 'group', optional: true, about: 'the group; the one the chat is in, or all, if not given' },
  },
  about: 'List the files uploaded to a group.',
  examples: { slash: '', shell: "'#friends'" },
  async *run(peer, { group }, { current }) {
    yield* await peer.uploads.list(group ?? (current?.startsWith('#') ? current : undefined));
  },
  lines: (event, { now }) => [uploadLine(event, now())],
});

const ID = { type: 'word', about: 'beginning of its id, as /files shows it' } as const;

const download = define({
  name: 'download',
  slash: 'download',
  parameters: { id: ID, folder: { type: 'path', optional: true, about: 'where it goes' } },
  about: 'Download a file uploaded to a group; resumes where an earlier download stopped.',
  examples: { slash: '1f3a', shell: '1f3a Downloads' },
  async *run(peer, { id, folder }, { face }) {
    const begin = (): Promise<UploadEvent> => peer.uploads.download(id, folder);
    if (face === 'slash') await begin();
    else yield* until(peer, begin);
  },
  lines: uploadNotice,
  progress: uploadProgress,
});

const remove = define({
  name: 'removefile',
  slash: 'removefile',
  parameters: { id: ID },
  about: 'Cancel an upload or download, or remove your file from the directory (admins: any file).',
  examples: { slash: '1f3a', shell: '1f3a' },
  async *run(peer, { id }, { face }) {
    const event = await peer.uploads.remove(id);
    if (face !== 'slash') yield event;
  },
  lines: uploadNotice,
});

export const uploadCommands: readonly Command[] = [...upload, files, download, remove];
