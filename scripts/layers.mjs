// Imports go one way. Each layer lists the layers it may import besides itself; anything else fails the check.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const ALLOWED = {
  base: [],
  wire: ['base'],
  store: ['base'],
  crypto: ['wire', 'base'],
  net: ['wire', 'base'],
  transfer: ['crypto', 'net', 'wire', 'base'],
  directory: ['crypto', 'store', 'net', 'wire', 'base'],
  peer: ['crypto', 'store', 'transfer', 'net', 'wire', 'base'],
  commands: ['peer', 'wire', 'base'],
  tui: ['commands', 'peer', 'wire', 'base'],
  control: ['commands', 'peer', 'net', 'base'],
  library: ['commands', 'control', 'peer', 'wire', 'base'],
  cli: ['commands', 'control', 'peer', 'net', 'wire', 'base'],
  'index.ts': ['library', 'peer', 'base'],
};

/** Modules without I/O: what they may import from Node is listed, everything else in `node:` is refused. */
const PURE = {
  wire: ['node:buffer'],
};

const sourceFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

const specifiers = (text) =>
  [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3]);

const layerOf = (file) => relative(join(root, 'src'), file).split(sep)[0];

const problems = [];
for (const file of sourceFiles(join(root, 'src'))) {
  const layer = layerOf(file);
  const allowed = ALLOWED[layer];
  if (allowed === undefined) {
    problems.push(`${relative(root, file)}: no such layer '${layer}'`);
    continue;
  }
  for (const specifier of specifiers(readFileSync(file, 'utf8'))) {
    if (specifier.startsWith('.')) {
      const target = layerOf(resolve(dirname(file), specifier));
      if (target !== layer && !allowed.includes(target)) {
        problems.push(`${relative(root, file)}: '${layer}' must not import '${target}' (${specifier})`);
      }
    } else if (specifier.startsWith('node:') && PURE[layer] && !PURE[layer].includes(specifier)) {
      problems.push(`${relative(root, file)}: '${layer}' does no I/O and must not import '${specifier}'`);
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`layers: ${sourceFiles(join(root, 'src')).length} files, imports go one way`);
