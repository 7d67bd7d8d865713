#!/usr/bin/env node
import { existsSync } from 'node:fs';

/** What users start: loads program.ts, as scripts/bundle.mjs made few files of it and of everything it uses. */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`p2pchat: Node ${process.versions.node} is too old: install Node 20.19 or newer.\n`);
  process.exit(1);
}
const program = new URL('../program/p2pchat.js', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write("p2pchat: the program is not built. Run 'npm run build' in its folder, then this again.\n");
  process.exit(1);
}
await import(program.href);
