// Packages look for files beside their own modules; in a bundle these have no place of their own. Part of bundle.mjs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In place of what a module says: the screen is all of blessed that is used, and LevelDB lies in dist/native. */
const REPLACED = {
  'blessed/lib/widget.js': () => "exports.Screen = exports.screen = require('./widgets/screen');",
  'blessed/lib/tput.js': (text, files) => {
    const place = `require(${files}).packageFile('dist/program/usr')`;
    const changed = text.replaceAll("__dirname + '/../usr/", `${place} + '/`);
    if (/\b__dirname\b/.test(changed) || changed === text) throw new Error('blessed finds its files in another way');
    return changed;
  },
  'classic-level/binding.js': (_, files) =>
    `module.exports = require('node-gyp-build')(require(${files}).packageFile('dist/native/classic-level'));`,
};

export const ownPlaces = (root) => ({
  name: 'own-places',
  setup(build) {
    const files = JSON.stringify(join(root, 'src', 'base', 'package-files.ts'));
    for (const [module, replace] of Object.entries(REPLACED)) {
      const filter = new RegExp(`node_modules[\\\\/]${module.replaceAll('/', '[\\\\/]').replaceAll('.', '\\.')}$`);
      build.onLoad({ filter }, ({ path }) => ({ contents: replace(readFileSync(path, 'utf8'), files), loader: 'js' }));
    }
  },
});
