import type { Clock } from '../../base/clock.js';
import type { PeerApi } from '../../peer/api/peer.js';
import type { PictureChoice } from '../graphics/capabilities.js';
import type { ChatModel } from '../model/model.js';
import type { ThemeName } from '../paint/theme.js';
import type { Choices } from './choices.js';
import type { Display } from './display.js';
import { invitationLines } from './invitation.js';
import type { LocalActions } from './local-commands.js';
import type { Navigation } from './navigation.js';
import type { Plain } from './plain.js';
import type { NotifyChoice, Settings } from './settings.js';

interface ActionsHost {
  readonly model: ChatModel;
  readonly peer: PeerApi;
  readonly clock: Clock;
  readonly display: Display;
  readonly settings: Settings;
  readonly go: Navigation;
  readonly choices: Choices;
  readonly plain: Plain;
  open(id: string): void;
  /** The help, where the commands begin. */
  help(): void;
  leave(): void;
}

/** What the screen's own commands do. */
export class LocalActionRunner implements LocalActions {
  readonly #host: ActionsHost;

  constructor(host: ActionsHost) {
    this.#host = host;
  }

  open(id: string): void {
    this.#host.open(id);
  }

  closeConversation(): void {
    this.#host.go.close();
  }

  setTheme(name: ThemeName): void {
    this.#host.display.setTheme(name);
  }

  setMouse(on: boolean): void {
    this.#host.display.setMouse(on);
  }

  setNotify(choice: NotifyChoice): void {
    this.#host.settings.set('notify', choice);
    this.#host.display.say(`Notices: ${choice}`);
  }

  setPreviews(choice: PictureChoice): void {
    this.#host.settings.set('previews', choice);
    this.#host.display.say(`Previews: ${choice}`);
  }

  showCommands(): void {
    this.#host.help();
  }

  showEverything(): void {
    this.#host.choices.everything();
  }

  showUnread(): void {
    this.#host.choices.unread();
  }

  showMentions(): void {
    void this.#host.choices.mentions();
  }

  copy(back: number): void {
    this.#host.plain.copy(back);
  }

  showBare(): void {
    this.#host.plain.open();
  }

  showThreads(): void {
    this.#host.choices.threads();
  }

  setNumber(number: number): void {
    this.#host.go.number(number);
  }

  showTransfers(): void {
    this.#host.display.openOverlay('transfers');
  }

  showInvitation(): void {
    const { model, peer, clock } = this.#host;
    const [says = '', line = ''] = invitationLines(peer.whoami().directory);
    model.notice(`${says} (/copy copies it, F7 shows it without frames)`, clock.now());
    model.notice(line, clock.now(), { kind: 'output' });
  }

  leave(): void {
    this.#host.leave();
  }
}
