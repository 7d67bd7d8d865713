import type { State } from './figures.js';
import type { Sample } from './hour.js';
import { type Line, plot } from './plot.js';
import { STYLE } from './style.js';

/** What the page shows. Figures only: no user, no group and no address is in it. */
export interface PageInit {
  readonly version: string;
  readonly database: string;
  readonly ready: boolean;
  readonly accepting: boolean;
  readonly upMs: number;
  /** Monotonic. */
  readonly now: number;
  readonly time: string;
  readonly state: State;
  readonly samples: readonly Sample[];
  /** Since the start, by kind of reason. */
  readonly refusals: ReadonlyMap<string, number>;
}

export const REFRESH_SECONDS = 10;

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly write: (value: number) => string;
  /** What is measured, said under the plot. */
  readonly note: string;
}

const whole = (value: number): string => String(Math.round(value));
const perSecond = (value: number): string =>
  `${value >= 100 || value === 0 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)}/s`;
const milliseconds = (value: number): string => `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`;

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = value < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1_000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

const bytesPerSecond = (value: number): string => `${bytes(value)}/s`;

const PANELS: readonly Panel[] = [
  {
    ...{ title: 'Users online', write: whole, note: 'accounts with a device signed in, and their devices' },
    lines: [
      { series: 'users', label: 'users' },
      { series: 'devices', label: 'devices' },
    ],
  },
  {
    ...{ title: 'Groups', write: whole, note: 'counted once a minute' },
    lines: [{ series: 'groups', label: 'groups' }],
  },
  {
    ...{ title: 'Messages', write: perSecond, note: 'taken: for groups, and one for each device mailbox' },
    lines: [{ series: 'messages', label: 'messages' }],
  },
  {
    ...{ title: 'Deliveries', write: perSecond, note: 'written at once to devices that are connected' },
    lines: [{ series: 'deliveries', label: 'deliveries' }],
  },
  {
    ...{ title: 'Latency', write: milliseconds, note: 'from a request to its answer' },
    lines: [
      { series: 'latencyHalf', label: 'median' },
      { series: 'latencyMost', label: '90 %' },
    ],
  },
  {
    ...{ title: 'Store latency', write: milliseconds, note: 'reads and durable writes' },
    lines: [
      { series: 'storeHalf', label: 'median' },
      { series: 'storeMost', label: '90 %' },
    ],
  },
  {
    ...{ title: 'Queues', write: whole, note: 'requests being served, and channels waiting for their turn' },
    lines: [
      { series: 'serving', label: 'served' },
      { series: 'waiting', label: 'waiting' },
    ],
  },
  {
    ...{ title: 'Unsent', write: bytes, note: 'written, and not taken yet by slow readers' },
    lines: [{ series: 'unsent', label: 'bytes' }],
  },
  {
    ...{ title: 'Requests', write: perSecond, note: 'all, and those refused or failed' },
    lines: [
      { series: 'requests', label: 'all' },
      { series: 'refusals', label: 'refused' },
    ],
  },
  {
    ...{ title: 'Signals', write: perSecond, note: 'typing and calls passed between members of groups' },
    lines: [{ series: 'signals', label: 'signals' }],
  },
  {
    ...{ title: 'Uploads', write: bytesPerSecond, note: 'sealed files for groups' },
    lines: [
      { series: 'uploaded', label: 'in' },
      { series: 'downloaded', label: 'out' },
    ],
  },
  {
    ...{ title: 'Upload room', write: bytes, note: 'taken on the disk' },
    lines: [{ series: 'uploads', label: 'bytes' }],
  },
  {
    ...{ title: 'Memory', write: bytes, note: 'of the process' },
    lines: [{ series: 'memory', label: 'bytes' }],
  },
];

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function figure(panel: Panel, { samples, now }: PageInit): string {
  const { title, lines, write, note } = panel;
  const latest = samples.at(-1)?.values;
  const said = lines.map(({ series }) => {
    const value = latest?.[series];
    return value === undefined ? '–' : write(value);
  });
  const value =
    lines.length === 1
      ? said[0]
      : `${said[0]} <small>${lines[0]!.label}</small> ${said[1]} <small>${lines[1]!.label}</small>`;
  const keys =
    lines.length === 1
      ? ''
      : `<span class="keys">${lines.map(({ label }, index) => `<span class="key${index}">${label}</span> `).join('')}</span>`;
  return `<figure><h2>${title}</h2><div class="value">${value}</div>${plot({ title, lines, write, samples, now })}<figcaption>${keys}${note}</figcaption></figure>`;
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const row = (name: string, value: string | number): string =>
  `<tr><th scope="row">${escaped(name)}</th><td>${escaped(String(value))}</td></tr>`;

const TURNED_AWAY: Readonly<Record<string, string>> = {
  paused: 'connections while paused',
  full: 'connections beyond the limit',
  address: 'connections: too many from one address',
};

function tables({ state, refusals }: PageInit): string {
  const reasons = [...refusals].sort((one, other) => other[1] - one[1]).map(([reason, count]) => row(reason, count));
  const away = Object.entries(state.turnedAway).map(([why, count]) => row(TURNED_AWAY[why] ?? why, count));
  const facts = [
    row('accounts', state.accounts),
    row('connections', state.connections),
    row('upload room', `${bytes(state.uploadBytes)} of ${bytes(state.uploadSpace)}`),
  ];
  return `<section><h2>Now</h2><table>${facts.join('')}</table></section><section><h2>Refused since the start</h2><table>${reasons.join('')}${away.join('')}</table></section>`;
}

/** The whole page: one document, nothing loaded, nothing run. */
export function page(init: PageInit): string {
  const { version, database, ready, accepting, upMs, time } = init;
  const state = ready
    ? '<span class="good">● serving</span>'
    : `<span class="bad">● ${accepting ? 'not ready' : 'paused: takes no new connections'}</span>`;
  const facts = `database ${escaped(database)} · up ${duration(upMs)} · version ${escaped(version)} · <time datetime="${time}">${time}</time>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="refresh" content="${REFRESH_SECONDS}"><title>p2pchat directory</title><style>${STYLE}</style></head>`,
    `<body><header><h1>p2pchat directory</h1>${state}<span class="soft">${facts}</span></header>`,
    `<main>${PANELS.map((panel) => figure(panel, init)).join('')}${tables(init)}</main></body></html>`,
  ].join('\n');
}
