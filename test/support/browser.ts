import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const program = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));

export const noBrowser = program === undefined ? 'chromium is not installed' : false;

/** Generous: other tests run at the same time. */
export const PATIENCE_MS = 120_000;

/**
 * A browser as a guest has it, with a folder of its own: a window that keeps nothing on the disk would keep a page's files in
 * memory. Nobody is there to choose where a file goes, so that the page does without asking.
 */
export async function guestBrowser(folder: string, args: readonly string[] = []): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(folder, {
    ...{ executablePath: program!, timeout: PATIENCE_MS, acceptDownloads: true },
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript('delete globalThis.showSaveFilePicker');
  return context;
}

/** Resolves when the page says that it is in one of these states. */
export async function pageIs(page: Page, ...states: string[]): Promise<string> {
  const body = page.locator(states.map((state) => `body[data-state="${state}"]`).join(', '));
  await body.waitFor({ state: 'attached' });
  return String(await body.getAttribute('data-state'));
}
