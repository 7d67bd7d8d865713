#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.js';
import type { Parts } from '../src/cli/parts.js';

/** Composes: what a command doesn't use is not loaded. The compiled file lies in dist/bin. */

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const parts: Parts = {
  version,
  program: fileURLToPath(import.meta.url),

  echoBot: fileURLToPath(new URL('../examples/echo-bot.js', import.meta.url)),

  peer: async () => (await import('../src/library/peers.js')).peers,

  async directory() {
    const { startDaemon } = await import('../src/directory/daemon.js');
    return { startDirectory: startDaemon };
  },

  screen: async () => (await import('./screen.js')).screenParts,
};

const status = await main(process.argv.slice(2), parts);
// What is still open then belongs to nobody: a connection that was hung up on, a timer of an abandoned wait.
process.stdout.write('', () => process.exit(status));
