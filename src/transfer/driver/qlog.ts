import { closeSync, openSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { Trace } from '../protocol/trace.js';

/**
 * Writes what happens in a transfer as qlog 0.3 (draft-ietf-quic-qlog-main-schema-01, the newest that qvis reads): a file
 * called `*.sqlog` as JSON-SEQ, which is readable while it grows; any other as JSON. Times are milliseconds since the beginning.
 */

/** What is gathered before it is written. */
const BUFFER_CHARS = 64 << 10;

export class QlogFile {
  readonly #fd: number;
  readonly #start: number;
  readonly #sequence: boolean;
  #text: string;
  #first = true;
  #closed = false;

  /** @param start as `now` of the events */
  constructor(path: string, vantage: 'sender' | 'receiver', start: number) {
    this.#fd = openSync(path, 'w', 0o600);
    this.#start = start;
    this.#sequence = extname(path) === '.sqlog';
    const head = { qlog_version: '0.3', qlog_format: this.#sequence ? 'JSON-SEQ' : 'JSON', title: 'p2pchat transfer' };
    const trace = {
      // The sender opens sessions: that is qlog's client.
      vantage_point: { name: vantage, type: vantage === 'sender' ? 'client' : 'server' },
      common_fields: { time_format: 'relative', reference_time: Math.round(performance.timeOrigin + start) },
    };
    this.#text = this.#sequence ? record({ ...head, trace }) : opening({ ...head, traces: [{ ...trace, events: [] }] });
  }

  readonly trace: Trace = (name, data, now) => {
    if (this.#closed) return;
    const event = { time: Math.round((now - this.#start) * 1_000) / 1_000, name, data };
    this.#text += this.#sequence ? record(event) : `${this.#first ? '' : ',\n'}${JSON.stringify(event)}`;
    this.#first = false;
    if (this.#text.length >= BUFFER_CHARS) this.#flush();
  };

  /** A trace that cannot be written, for a full disk, say, ends: the transfer does not. */
  #flush(): void {
    try {
      writeSync(this.#fd, this.#text);
    } catch {
      this.#closed = true;
      closeSync(this.#fd);
    }
    this.#text = '';
  }

  close(): void {
    if (this.#closed) return;
    if (!this.#sequence) this.#text += CLOSING;
    this.#flush();
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }
}

/** RFC 7464. */
const record = (value: unknown): string => `\x1e${JSON.stringify(value)}\n`;

/** What stands behind the last event. */
const CLOSING = ']}]}\n';
const opening = (value: unknown): string => `${JSON.stringify(value).slice(0, -CLOSING.trim().length)}\n`;
