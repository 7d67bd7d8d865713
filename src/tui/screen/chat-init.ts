import type { Clock } from '../../base/clock.js';
import type { PeerApi } from '../../peer/api/peer.js';
import type { CommandRunner } from '../commands.js';
import type { Checklist } from '../model/checklist.js';
import type { BidiMode } from '../text/layout.js';
import type { ListFolder } from './completer.js';
import type { NotifierInit } from './notifier.js';
import type { EditText } from './outside-editor.js';
import type { PastedFiles } from './pasted-text.js';
import type { TerminalPort } from './port.js';
import type { PreviewMaker } from './previews.js';
import type { Settings } from './settings.js';

/** What the chat on a terminal is made of. */
export interface ChatInit {
  readonly peer: PeerApi;
  readonly commands: CommandRunner;
  readonly terminal: TerminalPort;
  readonly clock: Clock;
  readonly bidi: BidiMode;
  readonly settings: Settings;
  /** The person's own folder, to write paths short. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly listFolder: ListFolder;
  readonly checklist?: Checklist;
  /** Makes small pictures of files; absent where nothing can. */
  readonly preview?: PreviewMaker;
  /** Shows a desktop notification; absent where the terminal is all there is. */
  readonly desktop?: NotifierInit['desktop'];
  /** Where pasted text waits while it is sent as a file. */
  readonly pasted: PastedFiles;
  /** The person's own editor. */
  readonly edit: EditText;
  /** The conversation to open where nothing was said yet. */
  readonly open?: string;
  /** Lines to greet with, such as the one that invites the next person. */
  readonly greeting?: readonly string[];
}
