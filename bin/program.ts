import { fileURLToPath } from 'node:url';
import { bundle, version } from '../src/base/package-files.js';
import { main } from '../src/cli/main.js';
import type { Parts } from '../src/cli/parts.js';

/** Composes: what a command doesn't use is not loaded. What runs is the bundle of it, dist/program/p2pchat.js. */

const parts: Parts = {
  version,
  program: fileURLToPath(bundle('p2pchat')),

  echoBot: fileURLToPath(new URL('../examples/echo-bot.js', bundle('p2pchat'))),

  peer: async () => (await import('../src/peer/session/peers.js')).peers,

  async directory() {
    const [{ startDaemon }, { check, migrate, restore }] = await Promise.all([
      import('../src/directory/daemon.js'),
      import('../src/directory/moving/move.js'),
    ]);
    return { startDirectory: startDaemon, check, migrate, restore };
  },

  relay: async () => await import('../src/relay/standalone.js'),

  screen: async () => (await import('./screen.js')).screenParts,
};

const status = await main(process.argv.slice(2), parts);
// What is still open then belongs to nobody: a connection that was hung up on, a timer of an abandoned wait.
process.stdout.write('', () => process.exit(status));
