// Paints the main views to docs/images/*.png, cell by cell from a headless terminal. Needs Chromium (or what CHROMIUM
// names), ImageMagick's `convert`, and the fonts DejaVu and Noto. Run `npm run build` first.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ChatSession } from '../dist/test/support/chat-session.js';
import { KEY } from '../dist/test/support/terminal.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const images = join(root, 'docs', 'images');
const folder = mkdtempSync(join(tmpdir(), 'p2pchat-shots-'));
const BROWSER = process.env.CHROMIUM ?? 'chromium';

const CELL = { width: 9, height: 20, baseline: 15, font: 15 };
const MARGIN = 10;
const BACK = '#16181d';
const FRONT = '#d8dade';
const BASE =
  '16181d cc5555 5faf5f d7af5f 5f87d7 af87d7 5fafaf c0c4cc 5c6370 ff6b6b 87d787 ffd75f 87afff d7afff 87d7d7 ffffff'.split(
    ' ',
  );
const STEPS = [0, 95, 135, 175, 215, 255];

const hex = (...parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;

/** A colour of xterm's palette of 256. */
function color(number, otherwise) {
  if (number < 0) return otherwise;
  if (number < 16) return `#${BASE[number]}`;
  if (number >= 232) return hex(...[0, 0, 0].fill(8 + 10 * (number - 232)));
  const at = number - 16;
  return hex(STEPS[Math.floor(at / 36)], STEPS[Math.floor(at / 6) % 6], STEPS[at % 6]);
}

const FONTS = "'DejaVu Sans Mono','Noto Sans Mono CJK JP','Noto Sans Hebrew','Noto Sans Arabic',monospace";

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const rect = (x, y, width, height, fill) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" shape-rendering="crispEdges"/>`;

/** Lines and blocks meet from cell to cell, whatever the font has. */
function drawn(text, left, top, ink) {
  const { width, height } = CELL;
  const [middle, center] = [top + height / 2, left + width / 2];
  const eighth = '▁▂▃▄▅▆▇█'.indexOf(text) + 1;
  if (text === '│') return rect(center - 0.5, top, 1, height, ink);
  if (text === '─') return rect(left, middle - 0.5, width, 1, ink);
  if (text === '━') return rect(left, middle - 1.5, width, 3, ink);
  if (text === '▀') return rect(left, top, width, height / 2, ink);
  if (eighth > 0) return rect(left, top + height - (height * eighth) / 8, width, (height * eighth) / 8, ink);
  return undefined;
}

function paintCell({ text, width, look }, x, y) {
  const [fg, bg] = [color(look.fg, FRONT), color(look.bg, BACK)];
  const [ink, paper] = look.inverse ? [bg, fg] : [fg, bg];
  const left = MARGIN + x * CELL.width;
  const top = MARGIN + y * CELL.height;
  const back = paper === BACK ? '' : rect(left, top, CELL.width * Math.max(1, width), CELL.height, paper);
  if (text.trim() === '' || look.hidden) return back;
  const shape = drawn(text, left, top, ink);
  if (shape !== undefined) return back + shape;
  const weight = look.bold ? ' font-weight="bold"' : '';
  return `${back}<text x="${left + (CELL.width * Math.max(1, width)) / 2}" y="${top + CELL.baseline}" text-anchor="middle" fill="${ink}" font-size="${CELL.font}"${weight}>${escaped(text)}</text>`;
}

function svgOf({ screen, output }) {
  const width = screen.columns * CELL.width + 2 * MARGIN;
  const height = screen.rows * CELL.height + 2 * MARGIN;
  const cells = [];
  for (let y = 0; y < screen.rows; y++) {
    for (let x = 0; x < screen.columns; x++) cells.push(paintCell(screen.cell(x, y), x, y));
  }
  const shown = output.lastIndexOf('\x1b[?25h') > output.lastIndexOf('\x1b[?25l');
  const back = `<rect x="0" y="0" width="${width}" height="${height}" stroke="none" fill="${BACK}"/>`;
  const all = `${back}${cells.join('\n')}${shown ? cursorOf(screen) : ''}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" style="display:block" font-family="${FONTS}">${all}</svg>`;
}

function cursorOf({ cursor: { x, y } }) {
  const [left, top] = [MARGIN + x * CELL.width, MARGIN + y * CELL.height + 1];
  return `<rect x="${left}" y="${top}" width="2" height="${CELL.height - 2}" stroke="none" fill="${FRONT}"/>`;
}

/** Two pixels for one: README's readers have screens of every density. */
const SCALE = 2;

/** Drawn by a browser, which finds a font for every script, and brought down to a palette. */
function save(name, terminal) {
  const file = join(images, `${name}.png`);
  const svg = svgOf(terminal);
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg);
  const page = join(folder, `${name}.html`);
  const shot = join(folder, `${name}.png`);
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><body style="margin:0">${svg}</body>`);
  run(BROWSER, [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--force-device-scale-factor=${SCALE}`],
    ...[`--window-size=${width},${height}`, `--screenshot=${shot}`, pathToFileURL(page).href],
  ]);
  run('convert', [shot, '-strip', '-colors', '96', `PNG8:${file}`]);
  console.log(file);
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
}

const DIRECTORY = 'p2pchat://chat.example.test:7700#2f9c51';

async function welcome() {
  const session = await ChatSession.start({ columns: 90, rows: 24, env: { CHAT_DIRECTORY: DIRECTORY } });
  const { terminal } = session;
  await terminal.waitForText('Create an account');
  save('welcome', terminal);
  terminal.write('\rann\rcorrect horse');
  await terminal.waitForText('•••••••••••••');
  await terminal.waitForText('good');
  save('sign-up', terminal);
  await session.close();
}

const GROUPS = [
  { group: '#lobby', kind: 'open', history: 'shared', state: 'member', members: 6 },
  { group: '#release', kind: 'invite', history: 'joined', state: 'member', members: 3 },
  { group: '#climbing', kind: 'invite', history: 'joined', state: 'invited', members: 4 },
];

const member = (user, presence, role = 'beginner', state = 'member') => ({ user, presence, role, state });
const LOBBY = [
  member('ann', 'online', 'super-admin'),
  member('bob', 'online', 'admin'),
  member('carol', 'away'),
  member('dan', 'online', 'advanced'),
  member('eve', 'online'),
  member('mallory', 'offline'),
];

/** People, groups, and a talk with bob in several scripts. */
async function talk(session) {
  const { terminal } = session;
  session.groups(GROUPS, { '#lobby': LOBBY });
  session.emit(
    { event: 'presence', user: 'bob', state: 'online' },
    { event: 'presence', user: 'carol', state: 'away' },
    { event: 'trust', user: 'bob', change: 'verified', fingerprint: '' },
    { event: 'link', user: 'bob', state: 'up', path: 'direct', rtt: 0.6 },
    { event: 'group', group: '#climbing', change: 'invited', user: 'ann', by: 'dan' },
    { event: 'group', group: '#release', change: 'joined', user: 'ann', by: 'ann' },
  );
  session.receive('Are the slides ready? The talk is at three.');
  await terminal.waitForText('at three');
  terminal.write('Nearly. The last figures came in this morning ☺\r');
  await terminal.waitForText('this morning');
  session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'read' });
  session.receive(
    'Good. Send me what you have and I will read it on the train:\nthe abstract, the two diagrams, and the list of sources.',
  );
  session.receive('Спасибо, до встречи — τα λέμε');
  terminal.write('On its way.\r');
  await terminal.waitForText('On its way.');
  session.receive('Room 2 is free now.', { conversation: '#lobby', from: 'eve' });
  session.receive('@ann are you coming?', { conversation: '#lobby', from: 'dan' });
  session.receive('Lunch?', { conversation: '@carol', from: 'carol' });
  await terminal.waitForText('4 unread');
}

async function transfers(session) {
  const { terminal } = session;
  const slides = { name: 'slides.pdf', size: 4_200_000, type: 'application/pdf' };
  const film = { name: 'rehearsal.mp4', size: 312_000_000, type: 'video/mp4' };
  const [at, out] = [
    { id: '7f3a91c2', files: [film], size: film.size },
    { id: 'c04d1e77', direction: 'out', files: [slides], size: slides.size },
  ];
  session.transfer({ ...out, state: 'running', rate: 90e6, bytes: 1e6 });
  session.transfer({ ...out, state: 'done', path: 'direct', bytes: slides.size });
  session.transfer(at);
  await terminal.waitForText('Alt+Y');
  for (const [step, rate] of [12, 31, 58, 77, 84, 92, 96, 97, 90, 98].entries()) {
    const bytes = 20e6 + step * 19e6;
    session.transfer({
      ...at,
      state: 'running',
      rate: rate * 1e6,
      bytes,
      timeLeft: 2,
      rtt: 1.4,
      loss: 0.002,
      path: 'lan',
    });
  }
  session.transfer({
    id: '51e20b9f',
    files: [{ name: 'poster.png', size: 1_830_000, type: 'image/png' }],
    size: 1_830_000,
  });
  session.receive('And the poster, if you want to print it.');
  await terminal.waitFor((screen) => screen.has('61 %') && screen.has('the poster'), 'the transfers');
  save('transfer', terminal);
  terminal.write(KEY.ctrl('k'));
  await terminal.waitForText('Go to:');
  save('switcher', terminal);
  terminal.write(KEY.escape);
  await terminal.waitFor((screen) => !screen.has('Go to:'), 'the list to close');
  terminal.write(KEY.f6);
  await terminal.waitForText('Esc close');
  save('transfers', terminal);
  terminal.write(KEY.escape);
  await terminal.waitFor((screen) => !screen.has('Esc close'), 'the transfers to close');
  const here = { ...film, path: '/home/ann/Downloads/rehearsal.mp4' };
  session.transfer({ ...at, state: 'done', bytes: film.size, path: 'lan', files: [here] });
  await terminal.waitForText('▀▀▀');
  save('preview', terminal);
  session.transfer({
    id: '51e20b9f',
    state: 'declined',
    files: [{ name: 'poster.png', size: 1_830_000, type: 'image/png' }],
    size: 1_830_000,
  });
}

async function group(session) {
  const { terminal } = session;
  terminal.write('/open #lobby\r');
  await terminal.waitForText('6 members');
  const say = (from, text) => session.receive(text, { conversation: '#lobby', from, via: 'group' });
  const happens = (change, user, by = user) => session.emit({ event: 'group', group: '#lobby', change, user, by });
  session.receive('shared plan.pdf', {
    ...{ conversation: '#lobby', from: 'eve', via: 'group' },
    upload: { id: '3c52f0aa', name: 'floor plan.pdf', size: 840_000, type: 'application/pdf' },
  });
  happens('joined', 'frank');
  say('frank', 'Hello everybody');
  terminal.write('Hi frank, welcome! Yes, I am on my way, @dan\r');
  await terminal.waitForText('on my way');
  happens('invited', 'grace', 'bob');
  say('mallory', 'BUY NOW http://cheap.example');
  session.emit({
    event: 'moderation',
    action: 'kick',
    user: 'mallory',
    by: 'bob',
    group: '#lobby',
    reason: 'advertising',
  });
  say('bob', 'Sorry about that.');
  session.emit({ event: 'typing', conversation: '#lobby', user: 'eve', state: 'started' });
  await terminal.waitFor((screen) => screen.has('Sorry about') && screen.has('typing'), 'the rest');
  save('group', terminal);
}

async function rightToLeft(session) {
  const { terminal } = session;
  terminal.write('/open @noa\r');
  const say = (text) => session.receive(text, { conversation: '@noa', from: 'noa' });
  session.emit({ event: 'presence', user: 'noa', state: 'online' });
  say('שלום! ראית את ההודעה על ההרצאה?');
  say('היא נדחתה לשעה 15:00, באולם 2 (ליד ה-cafeteria).');
  terminal.write('כן, תודה. אני אביא את השקופיות\r');
  await terminal.waitForText('תויפוקשה');
  say('سلام، فایل‌ها را دیدم. خیلی خوب شده‌اند!');
  say('فردا ساعت ۹ می‌بینمت، قرار ما در Room 7 است.');
  say('And in between a line from left to right, with עברית in it.');
  terminal.write('متشکرم، می‌بینمت');
  await terminal.waitForText('in between');
  save('right-to-left', terminal);
  terminal.write(KEY.ctrl('c'));
}

async function chat() {
  const session = await ChatSession.open({ columns: 110, rows: 30 });
  const { terminal } = session;
  await talk(session);
  terminal.write('The sources follow');
  await terminal.waitForText('The sources follow');
  save('chat', terminal);
  terminal.write(`${KEY.ctrl('c')}${KEY.ctrl('f')}train\r`);
  await terminal.waitForText('1 of 1');
  save('search', terminal);
  terminal.write(`${KEY.escape}`);
  await terminal.waitFor((screen) => !screen.has('1 of 1'), 'the search to close');
  await transfers(session);
  await group(session);
  await rightToLeft(session);
  terminal.write('/open @bob\r');
  session.emit({ event: 'directory', state: 'offline', retryIn: 8_000 });
  terminal.write('This will go out later\r');
  await terminal.waitFor((screen) => screen.has('directory offline') && screen.has('go out later'), 'offline');
  save('offline', terminal);
  session.emit({ event: 'directory', state: 'online' });
  await terminal.waitForText('● directory');
  terminal.write(KEY.f1);
  await terminal.waitForText('Esc to close');
  save('help', terminal);
  await session.close();
}

async function firstMinutes() {
  const session = await ChatSession.start({ columns: 110, rows: 30, env: { CHAT_USER: 'ann', CHAT_CHECKLIST: 'yes' } });
  const { terminal } = session;
  session.groups(GROUPS.slice(0, 1), { '#lobby': LOBBY.slice(0, 2) });
  await terminal.waitForText('First minutes');
  terminal.write('/open #lobby\r');
  session.emit({ event: 'group', group: '#lobby', change: 'joined', user: 'ann', by: 'ann' });
  terminal.write('hello everybody\r');
  await terminal.waitForText('1/');
  session.receive('Welcome, ann!', { conversation: '#lobby', from: 'bob', via: 'group' });
  await terminal.waitForText('Welcome, ann');
  terminal.write('/msgto echo hel');
  await terminal.waitForText('/msgto echo hel');
  save('first-minutes', terminal);
  await session.close();
}

mkdirSync(images, { recursive: true });
await welcome();
await chat();
await firstMinutes();
rmSync(folder, { recursive: true, force: true });
