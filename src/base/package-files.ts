import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Files of this package, found by its name: modules are bundled into other folders than their sources lie in, so that no path
 * relative to a module would hold.
 */
const require = createRequire(import.meta.url);

export const { version } = require('p2pchat/package.json') as { readonly version: string };

const manifest = require.resolve('p2pchat/package.json');
const root = pathToFileURL(manifest);

/** A file or folder of the package, by its path there. */
export const packageFile = (path: string): string => join(manifest, '..', path);

/** One of the bundles that scripts/bundle.mjs makes: `p2pchat`, or a thread. */
export const bundle = (name: string): URL => new URL(`./dist/program/${name}.js`, root);

/** What `node --input-type=module --eval` was told is for its text alone: a thread that inherits it would not start. */
const flags = process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};

export const startThread = (name: string): Worker => new Worker(bundle(name), flags);
