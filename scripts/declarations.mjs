// The types of the library: the declarations that src/index.ts leads to, and none of the rest. Part of bundle.mjs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The one package that the library's types name: its declarations come along, so that nothing has to be installed. */
const VALIBOT = 'valibot';

export function declarations(root) {
  const dist = join(root, 'dist');
  const out = join(dist, 'types');
  rmSync(out, { recursive: true, force: true });
  const seen = new Set();
  const take = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(dist, file), 'utf8');
    const mine = text.replaceAll(/((?:from|import\() ?)(['"])([^'"]+)\2/g, (whole, before, quote, name) => {
      if (name.startsWith('.')) {
        take(join(dirname(file), name.replace(/\.js$/, '.d.ts')));
        return whole;
      }
      if (name === VALIBOT) return `${before}${quote}${relative(dirname(file), VALIBOT)}.js${quote}`;
      if (name.startsWith('node:') || name === 'p2pchat') return whole;
      throw new Error(`${file}: the types of the library would need the package ${name}`);
    });
    write(join(out, file), mine);
  };
  take(join('src', 'index.d.ts'));
  const valibot = readFileSync(join(root, 'node_modules', VALIBOT, 'dist', 'index.d.mts'), 'utf8');
  write(join(out, `${VALIBOT}.d.ts`), valibot.replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, ''));
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
}
