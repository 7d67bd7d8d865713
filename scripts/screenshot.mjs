// Paints the main views to docs/images/*.png, cell by cell from a headless terminal. Needs ImageMagick's `convert` and
// fontconfig, and the fonts DejaVu, Droid Sans Fallback for what DejaVu lacks. Run `npm run build` first.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChatSession } from '../dist/test/support/chat-session.js';
import { KEY } from '../dist/test/support/terminal.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const images = join(root, 'docs', 'images');

const CELL = { width: 9, height: 19, baseline: 14, font: 15 };
const MARGIN = 8;
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

/** The code points of a font, from fontconfig. */
function coverage(family) {
  const ranges = execFileSync('fc-match', ['--format=%{charset}', family], { encoding: 'utf8' });
  return ranges
    .split(' ')
    .filter((range) => range !== '')
    .map((range) => range.split('-').map((end) => Number.parseInt(end, 16)))
    .map(([from, to = from]) => ({ from, to }));
}

const FONTS = ['DejaVu Sans Mono', 'DejaVu Sans', 'Droid Sans Fallback'].map((family) => ({
  family,
  has: (
    (ranges) => (point) =>
      ranges.some(({ from, to }) => from <= point && point <= to)
  )(coverage(family)),
}));

const fontOf = (text) => (FONTS.find(({ has }) => has(text.codePointAt(0))) ?? FONTS[0]).family;

/** ImageMagick's SVG reader loses a text that is nothing but an apostrophe. */
const escaped = (text) =>
  text.replace("'", '\u2019').replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function paintCell({ text, width, look }, x, y) {
  const [fg, bg] = [color(look.fg, FRONT), color(look.bg, BACK)];
  const [ink, paper] = look.inverse ? [bg, fg] : [fg, bg];
  const left = MARGIN + x * CELL.width;
  const top = MARGIN + y * CELL.height;
  const parts = [];
  if (paper !== BACK) {
    parts.push(
      `<rect x="${left}" y="${top}" width="${CELL.width * Math.max(1, width)}" height="${CELL.height}" stroke="none" fill="${paper}"/>`,
    );
  }
  if (text.trim() !== '' && !look.hidden) {
    const weight = look.bold ? ' font-weight="bold"' : '';
    parts.push(
      `<text x="${left}" y="${top + CELL.baseline}" stroke="none" fill="${ink}" font-family="${fontOf(text)}" font-size="${CELL.font}"${weight}>${escaped(text)}</text>`,
    );
  }
  return parts.join('');
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
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${all}</svg>`;
}

function cursorOf({ cursor: { x, y } }) {
  const [left, top] = [MARGIN + x * CELL.width, MARGIN + y * CELL.height + 1];
  return `<rect x="${left}" y="${top}" width="2" height="${CELL.height - 2}" stroke="none" fill="${FRONT}"/>`;
}

function save(name, terminal) {
  const file = join(images, `${name}.png`);
  const { status, stderr } = spawnSync('convert', ['MSVG:-', '-strip', '-colors', '128', `PNG8:${file}`], {
    input: svgOf(terminal),
  });
  if (status !== 0) throw new Error(`convert failed: ${stderr}`);
  console.log(file);
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

async function talk(session) {
  const { terminal } = session;
  session.emit(
    { event: 'presence', user: 'bob', state: 'online' },
    { event: 'presence', user: 'carol', state: 'away' },
    { event: 'trust', user: 'bob', change: 'verified', fingerprint: '' },
  );
  session.receive('Are the slides ready? The talk is at three.');
  await terminal.waitForText('at three');
  terminal.write('Nearly. The last figures came in this morning ☺\r');
  await terminal.waitForText('this morning');
  session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'read' });
  session.receive(
    'Good. Send me what you have and I will read it on the train:\nthe abstract, the two diagrams, and the list of sources.',
  );
  session.receive('תודה! נתראה ב-15:00 (אולם 2)');
  session.receive('متشکرم، می‌بینمت');
  session.receive('Спасибо, до встречи — 会場で会いましょう');
  await terminal.waitForText('Спасибо');
  terminal.write('On its way.\r');
  await terminal.waitForText('On its way.');
  session.receive('Room 2 is free now.', { conversation: '#lobby', from: 'eve' });
  session.receive('@ann are you coming?', { conversation: '#lobby', from: 'dan' });
  session.receive('Lunch?', { conversation: '@carol', from: 'carol' });
  await terminal.waitForText('3 unread');
}

async function chat() {
  const session = await ChatSession.open({ columns: 110, rows: 30, env: { CHAT_CHECKLIST: 'yes' } });
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
  session.emit({ event: 'directory', state: 'offline', retryIn: 8_000 });
  terminal.write('This will go out later\r');
  await terminal.waitFor((screen) => screen.has('directory offline') && screen.has('go out later'), 'offline');
  save('offline', terminal);
  terminal.write(KEY.f1);
  await terminal.waitForText('Commands');
  save('help', terminal);
  await session.close();
}

mkdirSync(images, { recursive: true });
await welcome();
await chat();
