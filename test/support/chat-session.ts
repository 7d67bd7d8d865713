import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageEvent, PeerEvent, TransferEvent } from '../../src/peer/api/events.js';
import type { GroupMember, GroupSummary } from '../../src/peer/api/groups.js';
import { type TerminalInit, TerminalSession } from './terminal.js';

const DEMO = fileURLToPath(new URL('./chat-demo.js', import.meta.url));
let messages = 0;

/** The screen in a pseudo-terminal, and the hand that moves its fake peer. */
export class ChatSession {
  readonly terminal: TerminalSession;
  readonly #say: (line: string) => void;
  readonly #clean: () => Promise<void>;

  private constructor(terminal: TerminalSession, say: (line: string) => void, clean: () => Promise<void>) {
    this.terminal = terminal;
    this.#say = say;
    this.#clean = clean;
  }

  /** @param wrap the program and arguments that are to run it; `node` alone by default */
  static async start(init: TerminalInit = {}, wrap: readonly string[] = []): Promise<ChatSession> {
    const folder = mkdtempSync(join(tmpdir(), 'p2pchat-tui-'));
    const path = join(folder, 'control');
    const waiting: string[] = [];
    let peer: Socket | undefined;
    const server = createServer((socket) => {
      peer = socket;
      socket.on('error', () => {});
      for (const line of waiting.splice(0)) socket.write(line);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const [file = process.execPath, ...args] = [...wrap, process.execPath, DEMO];
    const terminal = new TerminalSession(file, args, { ...init, env: { CHAT_CONTROL: path, ...init.env } });
    const say = (line: string): void => {
      if (peer) peer.write(line);
      else waiting.push(line);
    };
    return new ChatSession(terminal, say, async () => {
      await terminal.close();
      peer?.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Signed in already, with the conversation with bob open. */
  static async open(init: TerminalInit = {}, wrap: readonly string[] = []): Promise<ChatSession> {
    const session = await ChatSession.start({ ...init, env: { CHAT_USER: 'ann', ...init.env } }, wrap);
    await session.terminal.waitForText('F1 help');
    session.terminal.write('/open @bob\r');
    await session.terminal.waitFor((screen) => /○ bob/.test(screen.line(0)), 'the conversation with bob');
    return session;
  }

  emit(...events: PeerEvent[]): void {
    for (const event of events) this.#say(`${JSON.stringify(event)}\n`);
  }

  /** A message of somebody else; from bob to us unless said otherwise. */
  receive(text: string, more: Partial<MessageEvent> = {}): void {
    const at = new Date().toISOString();
    const id = `in-${++messages}`;
    this.emit({
      event: 'message',
      id,
      conversation: '@bob',
      from: 'bob',
      text,
      sentAt: at,
      receivedAt: at,
      via: 'direct',
      ...more,
    });
  }

  /** The groups there are, and who is in them; told by events only after that. */
  groups(list: readonly GroupSummary[], members: Readonly<Record<string, readonly GroupMember[]>>): void {
    this.#say(`${JSON.stringify({ do: 'groups', list, members })}\n`);
  }

  /** A transfer of bob's; the same id again is how it goes on. */
  transfer(more: Partial<TransferEvent> = {}): void {
    this.emit({
      event: 'transfer',
      id: 'a1b2c3d4',
      direction: 'in',
      peer: 'bob',
      conversation: '@bob',
      files: [{ name: 'slides.pdf', size: 24_000_000, type: 'application/pdf' }],
      state: 'offered',
      bytes: 0,
      size: 24_000_000,
      rate: 0,
      ...more,
    });
  }

  /** An error thrown inside the program. */
  breakIt(): void {
    this.#say('{"do":"throw"}\n');
  }

  /** The peer ends by itself. */
  end(): void {
    this.#say('{"do":"end"}\n');
  }

  /** A signal to the program alone, not to what it was started by. */
  signal(signal: NodeJS.Signals): void {
    this.#say(`${JSON.stringify({ do: 'kill', signal })}\n`);
  }

  /** Messages from bob, as fast as they can come. The last one ends with `1009999.` for 10,000. */
  burst(count: number): void {
    this.#say(`${JSON.stringify({ do: 'burst', count })}\n`);
  }

  close(): Promise<void> {
    return this.#clean();
  }
}
