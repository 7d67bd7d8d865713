// Paints the directory's status page to docs/images/status-*.png, with the figures of an invented hour. Needs Chromium (or
// what CHROMIUM names) and ImageMagick's `convert`. Run `npm run build` first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { page } from '../dist/src/directory/metrics/page.js';

const images = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'docs', 'images');
const folder = mkdtempSync(join(tmpdir(), 'p2pchat-status-'));
const PALETTE = ['-strip', '-colors', '128'];
const CONVERT = 'convert';
const EVERY_MS = 10_000;
const HOUR_MS = 3_600_000;

/** The same at every run: mulberry32. */
let seed = 20_261;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  const mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  return ((mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed))) >>> 0) / 2 ** 32;
}

const around = (value, spread) => Math.max(0, value * (1 + spread * (random() - 0.5)));

function sample(at) {
  const part = at / HOUR_MS;
  const busy = 0.55 + 0.3 * Math.sin(part * 5) + (part > 0.72 && part < 0.76 ? 0.9 : 0);
  const users = Math.round(180 + 60 * part + 15 * Math.sin(part * 9));
  const messages = around(14 * busy, 0.5);
  return {
    at,
    values: {
      ...{ users, devices: Math.round(users * 1.4), groups: 38 + Math.floor(part * 4) },
      ...{ messages, deliveries: messages * around(22, 0.3), signals: around(9 * busy, 0.6) },
      ...{ requests: around(46 * busy, 0.3), refusals: around(0.4 * busy, 1.6) },
      ...{ latencyHalf: around(1.4 + busy, 0.3), latencyMost: around(4 + 6 * busy, 0.4) },
      ...{ storeHalf: around(0.6 + busy / 3, 0.3), storeMost: around(2 + 3 * busy, 0.4) },
      ...{ serving: Math.round(around(3 * busy, 1)), waiting: busy > 1 ? Math.round(around(4, 1)) : 0 },
      ...{ unsent: random() > 0.8 ? around(60_000, 1) : 0, uploads: 3.1e9 + part * 6e8 },
      ...{ uploaded: busy > 0.75 ? around(900_000, 0.8) : 0, downloaded: around(400_000 * busy, 1) },
      memory: 118e6 + part * 9e6,
    },
  };
}

const samples = Array.from({ length: HOUR_MS / EVERY_MS + 1 }, (_, index) => sample(index * EVERY_MS));
const html = page({
  ...{ version: '0.1.0', database: 'main', ready: true, accepting: true, upMs: 3 * 86_400_000, now: HOUR_MS, samples },
  time: '2026-11-29T12:00:00.000Z',
  state: {
    ...{
      users: 231,
      devices: 330,
      connections: 334,
      accounts: 412,
      groups: 41,
      serving: 2,
      waiting: 0,
      unsentBytes: 0,
    },
    ...{ uploadBytes: 3.7e9, uploadSpace: 34.4e9, turnedAway: { paused: 0, full: 0, address: 12 }, memoryBytes: 127e6 },
  },
  refusals: new Map([
    ['credentials', 87],
    ['limit', 41],
    ['denied', 23],
    ['blocked', 9],
  ]),
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const colorScheme of ['light', 'dark']) {
  const context = await browser.newContext({
    colorScheme,
    javaScriptEnabled: false,
    viewport: { width: 1180, height: 800 },
  });
  const tab = await context.newPage();
  await tab.setContent(html);
  const shot = join(folder, `${colorScheme}.png`);
  await tab.screenshot({ path: shot, fullPage: true });
  const file = join(images, `status-${colorScheme}.png`);
  const { status } = spawnSync(CONVERT, [shot, ...PALETTE, `PNG8:${file}`], { stdio: 'inherit' });
  if (status !== 0) throw new Error('convert failed');
  console.log(file);
}
await browser.close();
rmSync(folder, { recursive: true, force: true });
