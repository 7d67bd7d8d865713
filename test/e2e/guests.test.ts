import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createECDH, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { guestBrowser, noBrowser, pageIs } from '../support/browser.js';
import { filesWith, found } from '../support/needles.js';
import { type Running, type Said, Workshop } from '../support/processes.js';
import { Recorder } from '../support/recorder.js';

const workshop = new Workshop();
const password = ['--password-file', workshop.file('four unlikely words together 7\n')];
const home = (name: string): string => {
  const folder = join(workshop.folder, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const run = (name: string, ...words: string[]) => workshop.run([...words, '--json', ...password], { home: home(name) });

async function does(name: string, ...words: string[]): Promise<readonly Said[]> {
  const ended = await run(name, ...words);
  assert.equal(ended.status, 0, `${name}: ${words.join(' ')}\n${ended.stdout}${ended.stderr}`);
  return ended.events;
}

let browser: BrowserContext;
let recorder: Recorder;
let ann: Running;
const skip = noBrowser;

before(async () => {
  if (skip !== false) return;
  const data = ['--data', join(workshop.folder, 'directory'), '--listen', '127.0.0.1:0', '--upload-quota', '20MB'];
  const ready = await workshop
    .start(['directory', 'start', '--json', ...data, '--guests', '127.0.0.1:0'], { home: home('operator') })
    .event(({ event }) => event === 'ready');
  recorder = await Recorder.before(Number(new URL(String(ready.guests)).port));
  await does('ann', 'register', 'ann', '--directory', String(ready.link), '--invite', String(ready.ownerInvite));
  ann = workshop.start(['listen', '--json', ...password], { home: home('ann') });
  await ann.event(({ event }) => event === 'ready');
  browser = await guestBrowser(join(workshop.folder, 'browser'), ['--host-resolver-rules=MAP guests.test 127.0.0.1']);
});
after(async () => {
  await browser?.close();
  await recorder?.close();
  await workshop.close();
});

/** In whatever is sealed, this is not to be seen. */
const NEEDLE = 'a needle that is in the file and nowhere else';
const file = (name: string, bytes: number): string => {
  const path = join(home('files'), name);
  writeFileSync(path, Buffer.concat([randomBytes(bytes >> 1), Buffer.from(NEEDLE), randomBytes(bytes >> 1)]));
  return path;
};

const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Through what keeps every byte that the browser and the directory exchange. */
async function shared(path: string, ...words: string[]): Promise<{ link: string; id: string }> {
  const said = (await does('ann', 'share', path, ...words)).at(-1);
  assert.equal(said?.state, 'open');
  const link = new URL(String(said?.link));
  link.port = String(recorder.port);
  return { link: link.href, id: String(said?.id) };
}

const guest = (state: string, id: string) => (said: Said) =>
  said.event === 'guest' && said.state === state && said.id === id;

async function visit(link: string, state = 'ready'): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(link);
  assert.equal(await pageIs(page, state), state);
  return page;
}

/** Presses the button, and gives back where the browser has put the file. */
async function download(page: Page): Promise<{ path: string; name: string }> {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const came = await coming;
  return { path: await came.path(), name: came.suggestedFilename() };
}

/** What the page says is wrong. */
const trouble = (page: Page): Promise<string> => page.getByRole('alert').innerText();

test('a guest fetches a file by a browser: whole, sealed on the way and at rest, and its maker is told', {
  skip,
}, async () => {
  const plan = file('plan of <b>mine.bin', 3_000_000);
  const { link, id } = await shared(plan, '--count', '2');
  const complaints: string[] = [];
  const page = await browser.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(link);
  await pageIs(page, 'ready');
  assert.equal(await page.locator('#lead').innerText(), 'ann shares a file with you');
  assert.equal(await page.locator('#name').innerText(), 'plan of <b>mine.bin', 'a name is text');
  assert.match(await page.locator('#facts').innerText(), /^3\.00 MB\. The link opens 2 times more, until /);
  assert.match(await page.locator('#trust').innerText(), /trust it as far as you trust whoever runs it/);
  const { path } = await download(page);
  assert.equal(await pageIs(page, 'done'), 'done');
  assert.equal(hash(path), hash(plan));
  assert.deepEqual(
    complaints.filter((text) => !text.includes('favicon')),
    [],
    'the page breaks no rule of its own',
  );
  const told = await ann.event(guest('fetched', id));
  assert.deepEqual([told.name, told.count, told.used, told.done], ['plan of <b>mine.bin', 2, 1, 1]);
  assert.equal((await ann.event(guest('visited', id))).used, 1);

  const secrets = [NEEDLE, 'plan of <b>mine', new URL(link).hash.slice(1)];
  assert.deepEqual(found(secrets, recorder.traffic), [], 'neither the content, nor the name, nor the key passes');
  assert.deepEqual(filesWith(secrets, join(workshop.folder, 'directory')), [], 'nor do they lie at the directory');
  recorder.plant(Buffer.from(NEEDLE));
  assert.deepEqual(found(secrets, recorder.traffic), [NEEDLE], 'and who looks would find it');
});

test('a folder comes as one archive that unzip takes', { skip }, async (t) => {
  if (spawnSync('unzip', ['-v']).status !== 0) return t.skip('unzip is not installed');
  const folder = home('files/trip');
  mkdirSync(join(folder, 'days'));
  writeFileSync(join(folder, 'days', 'ä day.txt'), 'sunny\n');
  writeFileSync(join(folder, 'photo.bin'), randomBytes(700_000));
  writeFileSync(join(folder, 'empty'), '');
  const { link } = await shared(folder);
  const { path, name } = await download(await visit(link));
  assert.equal(name, 'trip.zip');
  const into = home('unpacked');
  const unpacked = spawnSync('unzip', ['-q', path, '-d', into], { encoding: 'utf8' });
  assert.equal(unpacked.status, 0, unpacked.stderr);
  assert.equal(readFileSync(join(into, 'trip', 'days', 'ä day.txt'), 'utf8'), 'sunny\n');
  assert.equal(hash(join(into, 'trip', 'photo.bin')), hash(join(folder, 'photo.bin')));
  assert.equal(readFileSync(join(into, 'trip', 'empty')).length, 0);
});

test('a link that is used up, ended, cut, changed or unknown says so, each in its own words', { skip }, async () => {
  const { link, id } = await shared(file('once.bin', 1_000), '--count', '1');
  const first = await visit(link);
  await download(first);
  await pageIs(first, 'done');
  await first.reload();
  assert.equal(
    await pageIs(first, 'ready', 'guest-link-used'),
    'ready',
    'who has used it may come back in the same tab',
  );
  const late = await visit(link, 'guest-link-used');
  assert.match(await trouble(late), /used up/);
  await late.reload();
  assert.equal(
    await pageIs(late, 'ready', 'guest-link-used'),
    'guest-link-used',
    'who has only looked has not used it',
  );

  const [before, key = ''] = link.split('#');
  const other = `${key.startsWith('A') ? 'B' : 'A'}${key.slice(1)}`;
  assert.match(await trouble(await visit(`${before}#${other}`, 'guest-link-key')), /wrong or was changed/);
  assert.match(await trouble(await visit(`${before}#${key.slice(0, 20)}`, 'guest-link-key')), /wrong or was changed/);
  assert.match(await trouble(await visit(String(before), 'not-whole')), /not whole/);
  const nowhere = link.replace(/\/g\/..../, '/g/AAAA');
  assert.match(await trouble(await visit(nowhere, 'guest-link-unknown')), /no such link/);

  await does('ann', 'share', 'end', id.slice(0, 8));
  assert.match(await trouble(await visit(link, 'guest-link-ended')), /has ended/);
  const { status, events } = await run('ann', 'share', 'end', 'ffff');
  assert.deepEqual([status, events.at(-1)?.code], [5, 'guest-link-unknown']);
  assert.ok(!(await does('ann', 'share', 'list')).some((one) => one.id === id));
});

test('N30 a directory that gives out other bytes is found out, and nothing is saved', { skip }, async () => {
  const { link } = await shared(file('true.bin', 900_000));
  const lying = await browser.newPage();
  await lying.route(/\/g\/[^/]+\/[^/]+\/2$/, async (route) => {
    const answer = await route.fetch();
    const body = Buffer.from(await answer.body());
    body[1_000]! ^= 1;
    await route.fulfill({ response: answer, body });
  });
  let downloads = 0;
  lying.on('download', () => downloads++);
  await lying.goto(link);
  await pageIs(lying, 'ready');
  await lying.getByRole('button').click();
  await pageIs(lying, 'damaged');
  assert.match(await trouble(lying), /damaged or changed. Nothing was saved/);
  assert.equal(downloads, 0);

  // What belongs to another link of the same directory.
  const { link: decoy } = await shared(file('decoy.bin', 1_000));
  const swapped = await browser.newPage();
  const [, own] = /\/g\/([^#]+)/.exec(link)!;
  let head: unknown;
  const honest = await browser.newPage();
  honest.on('response', async (response) => {
    if (response.request().headers().authorization) head ??= ((await response.json()) as { head: string }).head;
  });
  await honest.goto(decoy);
  await pageIs(honest, 'ready');
  await swapped.route(`**/g/${own}`, async (route) => {
    if (!route.request().headers().authorization) return route.continue();
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), head } });
  });
  await swapped.goto(link);
  await pageIs(swapped, 'changed');
  assert.match(await trouble(swapped), /was changed.*another way/);
});

test('by plain http from elsewhere the page says why it opens nothing, and what to do', { skip }, async () => {
  const { link } = await shared(file('plain.bin', 1_000));
  const far = new URL(link);
  far.hostname = 'guests.test';
  const page = await visit(far.href, 'insecure');
  assert.match(await trouble(page), /came by plain http.*begins with https/);
  assert.ok(!(await page.getByRole('button').isVisible()));
});

test('the page is used by keys alone, is dark where that is wanted, and saves where the person says', {
  skip,
}, async () => {
  const path = file('chosen.bin', 600_000);
  const { link } = await shared(path);
  const page = await browser.newPage();
  // The browser's own dialogue can't be used by a test: what it gives is a handle like this one.
  await page.addInitScript(`globalThis.showSaveFilePicker = async ({ suggestedName }) =>
    (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 700 });
  await page.goto(link);
  await pageIs(page, 'ready');
  const look = (await page.evaluate(`({
    back: getComputedStyle(document.body).backgroundColor, wide: document.documentElement.scrollWidth, width: innerWidth,
  })`)) as { back: string; wide: number; width: number };
  assert.equal(look.back, 'rgb(20, 21, 24)');
  assert.ok(look.wide <= look.width, 'nothing is scrolled sideways');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await pageIs(page, 'done');
  const digest = await page.evaluate(`(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('chosen.bin');
    const bytes = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
    return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  })()`);
  assert.equal(digest, hash(path));
});

/** A link for handing in, by what keeps every byte that passes. */
async function collecting(...words: string[]): Promise<{ link: string; id: string }> {
  const said = (await does('ann', 'collect', ...words)).at(-1);
  assert.deepEqual([said?.kind, said?.state], ['collect', 'open']);
  const link = new URL(String(said?.link));
  link.port = String(recorder.port);
  return { link: link.href, id: String(said?.id) };
}

async function handIn(page: Page, ...paths: string[]): Promise<void> {
  await page.getByLabel('files to hand in').setInputFiles(paths);
  await page.getByRole('button', { name: 'Hand in', exact: true }).click();
}

test('a guest hands in files by a browser: whole, sealed on the way and at rest, and both are told', {
  skip,
}, async () => {
  const { link, id } = await collecting('the trip', '--count', '3');
  const [one, two] = [file('..\\nice <i>.bin', 2_000_000), file('second.bin', 10)];
  const page = await visit(link);
  assert.equal(await page.locator('#lead').innerText(), 'ann asks you for a file');
  assert.equal(await page.locator('#name').innerText(), 'the trip');
  await handIn(page, one, two);
  await pageIs(page, 'done', 'taken');
  const [first, second] = await ann.several(2, guest('received', id));
  const path = String(first?.path);
  assert.ok(path.startsWith(join(home('ann'), 'downloads/')), path);
  assert.equal(hash(path), hash(one));
  assert.equal(hash(String(second?.path)), hash(two));
  assert.equal(await pageIs(page, 'taken'), 'taken', 'the guest is told that it was fetched');
  const secrets = [NEEDLE, 'nice <i>', 'the trip', new URL(link).hash.slice(1)];
  assert.deepEqual(found([secrets[1]!, secrets[2]!, secrets[3]!], recorder.traffic), []);
  assert.deepEqual(filesWith(secrets, join(workshop.folder, 'directory')), [], 'nor do they lie at the directory');
});

test('a link for handing in that is used up, takes less, or finds no room says so, each in its own words', {
  skip,
}, async () => {
  const { link, id } = await collecting('--count', '1', '--size', '30MB');
  const page = await visit(link);
  await handIn(page, file('one.bin', 10), file('other.bin', 10));
  assert.equal(await page.locator('#state').innerText(), 'These are 2 files, and the link takes one more file.');
  await handIn(page, file('large.bin', 31_000_000));
  await pageIs(page, 'guest-too-large');
  await handIn(page, file('no-room.bin', 25_000_000));
  await pageIs(page, 'upload-quota');
  assert.match(await trouble(page), /no room left/);
  // What breaks off goes on, and takes no other use.
  await page.route(/\/g\/[^/]+\/[^/]+\/2$/, (route) => route.fulfill({ status: 500, json: { code: 'internal' } }), {
    times: 1,
  });
  await handIn(page, file('fits.bin', 900_000));
  await pageIs(page, 'internal');
  await page.getByRole('button', { name: 'Hand in', exact: true }).click();
  await pageIs(page, 'done', 'taken');
  const { path } = await ann.event(guest('received', id));
  assert.equal(hash(String(path)), hash(join(home('files'), 'fits.bin')));
  assert.match(await trouble(await visit(link, 'guest-link-used')), /used up/);
});

test('N30 a directory that swaps the key to which guests seal is found out by the page, and by who made the link', {
  skip,
}, async () => {
  const { link, id } = await collecting('homework');
  const theirs = createECDH('prime256v1').generateKeys();
  const lie = async (page: Page): Promise<void> => {
    await page.route('**/g/*', async (route) => {
      if (!route.request().headers().authorization) return route.continue();
      const answer = await route.fetch();
      await route.fulfill({
        response: answer,
        json: { ...((await answer.json()) as object), key: theirs.toString('base64url') },
      });
    });
  };
  const honest = await browser.newPage();
  await lie(honest);
  await honest.goto(link);
  await pageIs(honest, 'other-key');
  assert.match(await trouble(honest), /another key.*Don’t go on/);

  // A page that lies as well holds the key against no pin, or against another: what it seals is for somebody else, and does
  // not open here.
  const [before, key = ''] = link.split('#');
  const secret = Buffer.from(key, 'base64url').subarray(0, 32);
  const pin = createHash('sha256').update(theirs).digest();
  const lying = await browser.newPage();
  await lie(lying);
  await lying.goto(`${before}#${Buffer.concat([secret, pin]).toString('base64url')}`);
  await pageIs(lying, 'ready');
  await handIn(lying, file('secret.bin', 1_000));
  await pageIs(lying, 'done', 'taken');
  const failed = await ann.event(guest('failed', id));
  assert.equal((failed.error as { code?: string }).code, 'guest-drop-foreign');
});
