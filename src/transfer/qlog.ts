import { closeSync, openSync, writeSync } from 'node:fs';
import type { Trace } from './trace.js';

/**
 * Writes what happens in a session as qlog (draft-ietf-quic-qlog-main-schema, JSON-SEQ), for tools that draw it.
 * Times are relative to the beginning, in milliseconds.
 */

/** What is gathered before it is written. */
const BUFFER_CHARS = 64 << 10;

export class QlogFile {
  readonly #fd: number;
  readonly #start: number;
  #text: string;
  #closed = false;

  constructor(path: string, vantage: 'sender' | 'receiver', start: number) {
    this.#fd = openSync(path, 'w', 0o600);
    this.#start = start;
    this.#text = record({
      qlog_version: '0.4',
      qlog_format: 'JSON-SEQ',
      title: 'p2pchat transfer',
      trace: {
        vantage_point: { type: vantage === 'sender' ? 'server' : 'client' },
        common_fields: { time_format: 'relative_to_epoch' },
      },
    });
  }

  readonly trace: Trace = (name, data, now) => {
    if (this.#closed) return;
    this.#text += record({ time: Math.round((now - this.#start) * 1_000) / 1_000, name: `recovery:${name}`, data });
    if (this.#text.length >= BUFFER_CHARS) this.#flush();
  };

  #flush(): void {
    writeSync(this.#fd, this.#text);
    this.#text = '';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flush();
    closeSync(this.#fd);
  }
}

/** RFC 7464. */
const record = (value: unknown): string => `\x1e${JSON.stringify(value)}\n`;
