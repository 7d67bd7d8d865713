#!/usr/bin/env node
import { existsSync } from 'node:fs';

/** What users start: loads program.ts, as scripts/bundle.mjs made few files of it and of everything it uses. */

const program = new URL('../program/p2pchat.js', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write("p2pchat: the program is not built. Run 'npm run build' in its folder, then this again.\n");
  process.exit(1);
}
await import(program.href);
