import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { startDaemon } from '../../../src/directory/daemon.js';
import { afterwards, temporaryFolder } from '../../support/directory.js';
import { register, signIn } from '../../support/directory-client.js';

const program = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));
const skip = program === undefined ? 'chromium is not installed' : false;

/** Generous: other tests run at the same time. */
const PATIENCE_MS = 120_000;

async function open(t: TestContext): Promise<{ browser: Browser; url: string }> {
  const data = await temporaryFolder(t);
  const running = await startDaemon({ data, listen: '127.0.0.1:0', metrics: '127.0.0.1:0' });
  afterwards(t, async () => {
    await running.close();
    await running.ended;
  });
  const client = await signIn(running.link, await register(running.link, 'alice'));
  afterwards(t, () => client.close());
  const browser = await chromium.launch({
    ...{ executablePath: program!, timeout: PATIENCE_MS },
    args: ['--no-sandbox', '--disable-gpu'],
  });
  afterwards(t, () => browser.close());
  return { browser, url: running.metrics! };
}

test('the status page is read without script, breaks no rule of its own, and renews itself', { skip }, async (t) => {
  const { browser, url } = await open(t);
  const context = await browser.newContext({ javaScriptEnabled: false });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('requestfailed', (request) => complaints.push(request.url()));
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url);
  const renewed = page.waitForEvent('load', { timeout: PATIENCE_MS });
  const users = page.locator('figure', { hasText: 'Users online' });
  assert.ok(await users.locator('svg').isVisible());
  // From the second look on there are points; the page comes anew by itself until then.
  await users.locator('.value', { hasText: /^1 users 1 devices$/ }).waitFor({ timeout: PATIENCE_MS });
  await renewed;
  assert.ok(await page.getByText('● serving').isVisible());
  assert.ok(await page.getByText('Refused since the start').isVisible());
  assert.deepEqual(
    complaints.filter((text) => !text.includes('favicon')),
    [],
  );
  assert.deepEqual(
    asked.filter((one) => one !== url && !one.endsWith('favicon.ico')),
    [],
  );
});

test('the status page is dark where the reader wants it dark, and fits a telephone', { skip }, async (t) => {
  const { browser, url } = await open(t);
  const look = async (colorScheme: 'dark' | 'light') => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 360, height: 700 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.goto(url);
    const measured = await page.evaluate(`(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return { backgroundColor, color, wide: document.documentElement.scrollWidth, width: innerWidth };
    })()`);
    await context.close();
    return measured as { backgroundColor: string; color: string; wide: number; width: number };
  };
  const [dark, light] = [await look('dark'), await look('light')];
  assert.deepEqual([dark.backgroundColor, light.backgroundColor], ['rgb(20, 21, 24)', 'rgb(247, 247, 245)']);
  assert.ok(dark.wide <= dark.width && light.wide <= light.width, 'nothing is scrolled sideways');
});
