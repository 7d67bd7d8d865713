import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State, Totals } from '../../../src/directory/metrics/figures.js';
import { Hour, SAMPLE_EVERY_MS, SHOWN_MS } from '../../../src/directory/metrics/hour.js';
import { Latencies } from '../../../src/directory/metrics/latencies.js';
import { niceTop, plot } from '../../../src/directory/metrics/plot.js';

const STATE: State = {
  ...{ users: 3, devices: 4, connections: 5, accounts: 6, groups: 2, serving: 0, waiting: 0, unsentBytes: 0 },
  ...{ uploadBytes: 0, uploadSpace: 1, turnedAway: {}, relay: undefined, memoryBytes: 1 },
};

const totals = (messages: number, latency = new Latencies()): Totals => ({
  ...{ requests: 0, refusals: 0, deliveries: 0, signals: 0, uploaded: 0, downloaded: 0 },
  ...{ messages, latency: latency.copy(), storeLatency: new Latencies() },
});

test('the last hour is kept as rates and levels, and no more than the hour', () => {
  const hour = new Hour();
  const latency = new Latencies();
  hour.take(0, STATE, totals(100, latency));
  assert.equal(hour.samples.length, 0, 'what was before the first look has no rate');
  latency.note(3);
  hour.take(SAMPLE_EVERY_MS, STATE, totals(150, latency));
  hour.take(2 * SAMPLE_EVERY_MS, STATE, totals(150, latency));
  const [busy, idle] = hour.samples;
  assert.deepEqual([busy?.values.messages, busy?.values.users], [5, 3]);
  const half = busy?.values.latencyHalf ?? 0;
  assert.ok(half > 2 && half <= 5, String(half));
  assert.deepEqual([idle?.values.messages, idle?.values.latencyHalf], [0, undefined]);
  for (let at = 3 * SAMPLE_EVERY_MS; at <= 2 * SHOWN_MS; at += SAMPLE_EVERY_MS) hour.take(at, STATE, totals(150));
  assert.equal(hour.samples.length, SHOWN_MS / SAMPLE_EVERY_MS + 1);
});

test('quantiles are found in the class they fall in', () => {
  const latencies = new Latencies();
  assert.equal(latencies.quantile(0.5), undefined);
  for (let each = 0; each < 90; each++) latencies.note(0.9);
  for (let each = 0; each < 10; each++) latencies.note(400);
  const [half, most] = [latencies.quantile(0.5)!, latencies.quantile(0.99)!];
  assert.ok(half > 0.5 && half <= 1, String(half));
  assert.ok(most > 200 && most <= 500, String(most));
  latencies.note(1e9);
  assert.equal(latencies.since(latencies.copy()).quantile(0.5), undefined);
});

test('a plot stays inside its frame, breaks where nothing was measured, and its axis ends at a round number', () => {
  assert.deepEqual([0, 0.3, 1, 1.01, 3, 7, 12, 999].map(niceTop), [1, 0.5, 1, 2, 5, 10, 20, 1000]);
  const values = (users: number | undefined) => ({ users }) as never;
  const samples = [
    { at: 0, values: values(7) },
    { at: 10_000, values: values(1) },
    { at: 600_000, values: values(4) },
  ];
  const svg = plot({
    title: 'Users',
    lines: [{ series: 'users', label: 'users' }],
    write: String,
    samples,
    now: SHOWN_MS,
  });
  const [, path = ''] = /class="line line0" d="([^"]*)"/.exec(svg) ?? [];
  assert.equal(path.match(/M/g)?.length, 2, path);
  for (const [, x, y] of path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)) {
    assert.ok(Number(x) >= 0 && Number(x) <= 320 && Number(y) >= 8 && Number(y) <= 78, path);
  }
  assert.doesNotMatch(svg, /NaN|undefined|style=/);
});
