import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { QlogFile } from '../../src/transfer/driver/qlog.js';
import { Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** The names and fields of draft-ietf-quic-qlog-quic-events-01, as far as qvis draws a congestion graph of them. */

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-qlog-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Event {
  readonly time: number;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a file holds is to be found out
  readonly data: any;
}

/** A transfer with loss, traced to a file. */
function traced(name: string): { readonly path: string; readonly packets: number; readonly lost: number } {
  const path = join(folder, name);
  const qlog = new QlogFile(path, 'sender', 1_000);
  const network = { latency: 10, loss: 0.05, rate: 2_000 };
  const pair = new Pair({ network, bytes: 1 << 20, trace: qlog.trace }, seededRandom('qlog'));
  pair.run(60_000);
  qlog.close();
  assert.ok(pair.faithful);
  return { path, packets: pair.sender!.stats.packets, lost: pair.sender!.stats.lostPackets };
}

function check(events: readonly Event[], { packets, lost }: { readonly packets: number; readonly lost: number }): void {
  const of = (name: string) => events.filter((event) => event.name === name).map(({ data }) => data);
  const times = events.map(({ time }) => time);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  const sent = of('transport:packet_sent');
  const numbers = sent.map(({ header }) => header.packet_number);
  assert.ok(numbers.length <= packets && numbers.length > (packets * 9) / 10);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(sent.every(({ raw, frames }) => raw.length > frames[0].length && frames[0].frame_type === 'stream'));
  assert.ok(of('recovery:packet_lost').length <= lost && of('recovery:packet_lost').length > 0);
  const [first, last] = of('transport:packet_received').at(-1).frames[0].acked_ranges.at(0);
  assert.ok(first <= last && numbers.includes(last));
  const metrics = of('recovery:metrics_updated').at(-1);
  for (const field of ['smoothed_rtt', 'min_rtt', 'latest_rtt', 'congestion_window', 'bytes_in_flight', 'pacing_rate'])
    assert.equal(typeof metrics[field], 'number', field);
}

test('a trace called *.qlog is one JSON document of qlog 0.3 with every packet in it', () => {
  const made = traced('film.qlog');
  const { traces, ...head } = JSON.parse(readFileSync(made.path, 'utf8'));
  assert.deepEqual(head, { qlog_version: '0.3', qlog_format: 'JSON', title: 'p2pchat transfer' });
  assert.equal(traces.length, 1);
  assert.equal(traces[0].vantage_point.type, 'client');
  assert.equal(traces[0].common_fields.time_format, 'relative');
  check(traces[0].events, made);
});

test('a trace called *.sqlog is a sequence, each record of which can be read by itself', () => {
  const made = traced('film.sqlog');
  const records = readFileSync(made.path, 'utf8').split('\x1e').slice(1);
  const [head, ...events] = records.map((text) => JSON.parse(text));
  assert.equal(head.qlog_format, 'JSON-SEQ');
  assert.equal(head.trace.vantage_point.type, 'client');
  check(events, made);
});
