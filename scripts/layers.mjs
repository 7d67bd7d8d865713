// Imports go one way. Each layer lists the layers it may import besides itself, and some layers have rooms in an order of
// their own; anything else fails the check, and so does a circle of files. Type imports count. A file over 350 lines fails, too.
// Prints the figures.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(root, 'src');

/** A place is a layer, or a room of one: faces see nothing of a peer but its api. */
const ALLOWED = {
  base: [],
  wire: ['base'],
  store: ['base'],
  crypto: ['wire', 'base'],
  net: ['wire', 'base'],
  transfer: ['crypto', 'net', 'wire', 'base'],
  page: ['wire', 'base'],
  relay: ['transfer/protocol', 'transfer/udp', 'crypto', 'net', 'wire', 'base'],
  tunnel: ['transfer/protocol', 'transfer/udp', 'transfer/driver', 'crypto', 'net', 'wire', 'base'],
  directory: ['relay', 'crypto', 'store', 'net', 'wire', 'base'],
  peer: ['crypto', 'store', 'tunnel', 'transfer', 'net', 'wire', 'base'],
  commands: ['peer/api', 'wire', 'base'],
  tui: ['commands', 'peer/api', 'wire', 'base'],
  control: ['commands', 'peer/api', 'net', 'base'],
  library: ['commands', 'control', 'peer/api', 'wire', 'base'],
  cli: ['commands', 'control', 'peer/api', 'net', 'wire', 'base'],
  'index.ts': ['library', 'peer/api', 'peer/session/peers.ts', 'base'],
};

/** Floors from the ground: a room imports from its own and from rooms below. Rooms of one floor don't know each other. */
const FLOORS = {
  peer: [
    ['api'],
    ['storage'],
    ['identity'],
    ['network'],
    ['messaging'],
    ['messaging/direct', 'messaging/group', 'account'],
    ['transfers'],
    ['uploads', 'guests'],
    ['backup'],
    ['session'],
  ],
  transfer: [['protocol/congestion'], ['protocol'], ['udp', 'files'], ['driver'], ['thread'], ['']],
  relay: [['core'], ['thread'], ['']],
  tunnel: [['core'], ['']],
};

/** Modules without I/O: what they may import from Node is listed, everything else in `node:` is refused. */
const PURE = {
  wire: ['node:buffer'],
  'transfer/protocol': ['node:buffer', 'node:crypto'],
  'relay/core': ['node:buffer', 'node:crypto'],
  'tunnel/core': ['node:buffer', 'node:crypto'],
};

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) =>
    relative(src, join(entry.parentPath ?? entry.path, entry.name))
      .split(sep)
      .join('/'),
  )
  .sort();

const specifiers = (text) =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3]);

const folderOf = (file) => dirname(file).replace(/^\.$/, '');
const layerOf = (file) => file.split('/')[0];
const roomOf = (file) => folderOf(file).split('/').slice(1).join('/');
const floorOf = (layer, room) => FLOORS[layer].findIndex((rooms) => rooms.includes(room));

const problems = [];
const imports = new Map();
for (const file of files) {
  const targets = [];
  for (const specifier of specifiers(readFileSync(join(src, file), 'utf8'))) {
    if (specifier.startsWith('.')) {
      const target = relative(src, resolve(src, folderOf(file), specifier))
        .split(sep)
        .join('/')
        .replace(/\.js$/, '.ts');
      targets.push(target);
      judge(file, target);
    } else if (specifier.startsWith('node:')) {
      const pure = Object.keys(PURE).find((place) => file.startsWith(`${place}/`));
      if (pure && !PURE[pure].includes(specifier))
        problems.push(`${file}: '${pure}' does no I/O and must not import '${specifier}'`);
    }
  }
  imports.set(file, targets);
}

function judge(file, target) {
  const [layer, other] = [layerOf(file), layerOf(target)];
  if (ALLOWED[layer] === undefined) return problems.push(`${file}: no such layer '${layer}'`);
  if (layer !== other) {
    const allowed = ALLOWED[layer].some((place) => target.startsWith(`${place}/`) || target === place);
    if (!allowed) problems.push(`${file}: '${layer}' must not import ${target}`);
  } else if (FLOORS[layer] && roomOf(file) !== roomOf(target)) {
    const [from, to] = [floorOf(layer, roomOf(file)), floorOf(layer, roomOf(target))];
    if (from < 0) problems.push(`${file}: '${layer}' has no room '${roomOf(file)}'`);
    else if (from <= to) problems.push(`${file}: imports upward, ${target}`);
  }
}

/** Strongly connected files (Tarjan): each of more than one is a circle. */
function circles() {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file), low.get(target)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle);
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}

/** A file that does one thing is shorter. */
const MOST_LINES = 350;
for (const file of files) {
  const lines = readFileSync(join(src, file), 'utf8').split('\n').length - 1;
  if (lines > MOST_LINES) problems.push(`${file}: ${lines} lines, at most ${MOST_LINES} are allowed`);
}

const rings = circles();
for (const ring of rings) problems.push(`a circle: ${ring.reverse().join(' -> ')}`);

/** Of a layer with rooms: how many there are, how high it is, and how many pairs of rooms know each other. */
function figures(layer) {
  const own = files.filter((file) => layerOf(file) === layer);
  const arrows = new Set();
  let upward = 0;
  for (const file of own) {
    for (const target of imports.get(file)) {
      if (layerOf(target) !== layer || roomOf(target) === roomOf(file)) continue;
      const arrow = `${roomOf(file)} -> ${roomOf(target)}`;
      if (!arrows.has(arrow) && floorOf(layer, roomOf(file)) <= floorOf(layer, roomOf(target))) upward++;
      arrows.add(arrow);
    }
  }
  const rooms = new Set(own.map(roomOf)).size;
  return `${layer}: ${own.length} files, ${rooms} rooms, ${FLOORS[layer].length} floors, ${arrows.size} arrows, ${upward} upward`;
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}
for (const layer of Object.keys(FLOORS)) console.log(figures(layer));
console.log(`layers: ${files.length} files, ${rings.length} circles`);
