import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import { deedOf } from '../../commands/format-message.js';
import type { PeerApi } from '../../peer/api/peer.js';
import type { CommandContext, CommandRunner } from '../commands.js';
import { HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';

interface OutgoingHost {
  readonly peer: PeerApi;
  readonly commands: CommandRunner;
  readonly model: ChatModel;
  readonly clock: Clock;
  /** Commands of the screen itself; false where the line is none. */
  local(line: string): boolean;
  open(conversation: string): void;
  secret: CommandContext['secret'];
  ask: CommandContext['ask'];
  changed(): void;
  /** The message the text answers, if it answers one. */
  replyTo(): string | undefined;
  /** A command has run: what one wants of this installation may have changed. */
  ran(): void;
}

const SECRET = /^\/(recovery|secondfactor)\b/i;

/** What is written goes out: a command where it begins with a slash (two slashes for a text that does), else a message. */
export class Outgoing {
  readonly #host: OutgoingHost;

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Never rejects: what fails is said in the log. */
  async submit(line: string): Promise<void> {
    const text = line.replace(/\n+$/, '');
    if (text.trim() === '') return;
    // It goes as it stands: whoever shows it puts the name in the place of `/me`.
    if (deedOf(text) !== undefined) await this.#send(text);
    else if (text.startsWith('/') && !text.startsWith('//')) await this.#command(text);
    else await this.#send(text.replace(/^\/\//, '/'));
    this.#host.changed();
  }

  async #send(text: string): Promise<void> {
    const { peer, model, clock } = this.#host;
    const to = model.selected;
    if (to === HOME) {
      const hint = '/msgto USER TEXT writes to someone, /activeuser shows who is here.';
      model.fail(new Failure('no-conversation', 'Nobody would read this here.', { hint }), clock.now());
      return;
    }
    const replyTo = this.#host.replyTo();
    const local = model.own.sending(to, text, clock.now(), replyTo);
    this.#host.changed();
    try {
      const sent = await peer.send(to, text, { ...(replyTo !== undefined && { replyTo }) });
      model.own.confirmed(local, to, sent);
    } catch (error) {
      model.own.refused(local, to);
      model.fail(toFailure(error), clock.now(), to);
    }
  }

  async #command(line: string): Promise<void> {
    const { commands, model, clock, secret, ask } = this.#host;
    const current = model.selected === HOME ? undefined : model.selected;
    try {
      if (this.#host.local(line)) return;
      const { lines, open } = await commands.run(line, { current, secret, ask });
      if (open !== undefined) this.#host.open(open);
      if (lines.length === 0) return;
      // What nobody else may see is not shown where others talk.
      if (SECRET.test(line)) this.#host.open(HOME);
      model.notice(line, clock.now());
      model.notice(lines.join('\n'), clock.now(), { kind: 'output' });
    } catch (error) {
      model.fail(toFailure(error), clock.now());
    } finally {
      this.#host.ran();
    }
  }
}
