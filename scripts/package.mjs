// `npm run package`: a self-contained archive for Linux, of the program and the Node that runs it; with --deb a Debian
// package as well. docs/install.md says what each is for.
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PROCESSORS } from './package/runtime.mjs';
import { filesBelow, sizes } from './package/sizes.mjs';
import { layOut, packedFiles, readJson } from './package/tree.mjs';
import { timeOf, writeArchive, writeDebian } from './package/write.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const USAGE = `npm run package -- [--arch x64|arm64|all] [--deb] [--xz] [--sizes]
  --arch   for which processor: this machine's where it isn't said
  --deb    a Debian package as well
  --xz     two thirds of the size, for a minute of work more
  --sizes  also print what each part weighs`;

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch },
    deb: { type: 'boolean' },
    xz: { type: 'boolean' },
    sizes: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const processors = values.arch === 'all' ? Object.keys(PROCESSORS) : [values.arch];
if (values.help || processors.some((cpu) => !Object.hasOwn(PROCESSORS, cpu))) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const manifest = readJson(join(root, 'package.json'));
const out = join(root, 'dist', 'package');
const time = timeOf(root);
mkdirSync(out, { recursive: true });
if (values.sizes) console.log(['The npm package:', ...sizes(root, packedFiles(root)), ''].join('\n'));
for (const cpu of processors) {
  const name = `p2pchat-${manifest.version}-linux-${cpu}`;
  const tree = join(out, name);
  rmSync(tree, { recursive: true, force: true });
  layOut(root, tree, cpu);
  copyFileSync(join(root, 'scripts', 'install.sh'), join(tree, 'install.sh'));
  if (values.sizes) console.log([`${name}:`, ...sizes(tree, filesBelow(tree)), ''].join('\n'));
  const made = [writeArchive(tree, name, time, values.xz)];
  if (values.deb) made.push(writeDebian(tree, manifest, cpu, time, values.xz));
  for (const file of made) console.log(`${relative(root, file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  rmSync(tree, { recursive: true });
}
copyFileSync(join(root, 'scripts', 'install.sh'), join(out, 'install.sh'));
