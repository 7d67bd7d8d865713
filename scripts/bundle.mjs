// Makes what runs: few files of hundreds of modules, own and others', because finding, reading and linking modules one by
// one is most of what starting a program costs (docs/decisions/036-bundles.md). Part of every build.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { declarations } from './declarations.mjs';
import { ownPlaces } from './own-places.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist', 'program');

/** By name of the bundle. The program and the library share what both use; a thread is one file. */
const PROGRAMS = { p2pchat: 'bin/program.ts', index: 'src/index.ts' };
const THREADS = {
  'transfer-thread': 'src/transfer/thread/thread.ts',
  'relay-thread': 'src/relay/thread/thread.ts',
  'opaque-worker': 'src/crypto/opaque-worker.ts',
};
/** For tests and benches, of the same make as what it stands for. */
const BENCHES = { 'transfer-end': 'bench/support/transfer-end.ts' };

/** The foreign calls, loaded where a machine can make them: CommonJS, because it has to be there at once. */
const FOREIGN = { koffi: 'node_modules/koffi/index.cjs' };

/** What stays outside: the package of the platform's binary, which npm picks. */
const EXTERNAL = ['@koromix/*'];

/** What the bundles load by name, and where it comes from. Of what LevelDB is built of, the licences. */
const NATIVE = [['native/classic-level/prebuilds', 'classic-level/prebuilds']];
const TERMINFO = ['xterm', 'xterm-256color', 'xterm.termcap'];
const BUILT_IN = ['classic-level/deps/leveldb/leveldb-1.20/LICENSE', 'classic-level/deps/snappy/snappy/COPYING'];

const common = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  external: EXTERNAL,
  plugins: [ownPlaces(root)],
  alias: { 'string-width': join(root, 'scripts', 'string-width.mjs') },
  // Of a CommonJS package that is imported when needed esbuild gives the default export alone: ES modules first.
  mainFields: ['module', 'main'],
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS among the dependencies asks for Node's own modules by require, which ES modules have not.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
};

/** The page for guests is one document: its script stands in it, so that nothing else has to be loaded, or trusted. */
async function guestPage() {
  const { outputFiles, metafile } = await build({
    ...{ absWorkingDir: root, entryPoints: ['src/page/main.ts'], bundle: true, write: false, metafile: true },
    ...{ platform: 'browser', target: 'es2022', format: 'iife', minify: true, charset: 'utf8' },
    ...{ legalComments: 'none', logLevel: 'warning' },
  });
  // What would end the script's element must not stand in it.
  const script = outputFiles[0].text.replaceAll('</script', '<\\/script');
  const html = readFileSync(join(root, 'src', 'page', 'page.html'), 'utf8');
  writeFileSync(
    join(out, 'guests.html'),
    html.replace('/*script*/', () => script),
  );
  return { metafile };
}

rmSync(out, { recursive: true, force: true });
const made = [
  await build({ ...common, entryPoints: PROGRAMS, splitting: true, chunkNames: 'parts/[name]-[hash]' }),
  await build({ ...common, entryPoints: THREADS }),
  await build({
    ...common,
    entryPoints: FOREIGN,
    format: 'cjs',
    banner: {},
    outExtension: { '.js': '.cjs' },
  }),
  await build({ ...common, entryPoints: BENCHES, outdir: join(root, 'dist', 'bench', 'program') }),
  await guestPage(),
];
for (const [file, { entryPoint = '', exports }] of Object.entries(made[0].metafile.outputs)) {
  if (!entryPoint.includes('node_modules') || exports.join() !== 'default') continue;
  throw new Error(`${file}: import ${entryPoint} by a module that is loaded when needed, not by itself`);
}
writeFileSync(join(out, 'LICENSES.txt'), notices(made.flatMap(({ metafile }) => Object.keys(metafile.inputs))));
for (const [to, from] of NATIVE) {
  rmSync(join(root, 'dist', to), { recursive: true, force: true });
  cpSync(join(root, 'node_modules', from), join(root, 'dist', to), { recursive: true });
}
mkdirSync(join(out, 'usr'));
for (const name of TERMINFO) cpSync(join(root, 'node_modules', 'blessed', 'usr', name), join(out, 'usr', name));
declarations(root);

/** The licences of the packages whose code is in the bundles, as they ask for. */
function notices(inputs) {
  const packages = inputs.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean);
  const builtIn = BUILT_IN.map((file) => [file, '', text(join('node_modules', file)), ''].join('\n'));
  return [...[...new Set(packages)].sort().map(notice), ...builtIn].join(`\n${'-'.repeat(72)}\n\n`);
}

function notice(folder) {
  const { name, version, license } = JSON.parse(text(join(folder, 'package.json')));
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  return [`${name} ${version}, ${license}`, ...files.map((file) => text(join(folder, file)).trim()), ''].join('\n\n');
}

function text(file) {
  return readFileSync(join(root, file), 'utf8');
}
