import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ScenarioName } from './scenarios.js';

const CHILD = fileURLToPath(new URL('./children/live.js', import.meta.url));
/** So few in one process that its memory stays small. */
const PART = 100;

/** Seeds that once found a fault: they are lived through each time. */
const FOUND: { readonly [S in ScenarioName]?: readonly string[] } = {
  agreement: ['agreement-1061'],
  joining: ['joining-1052', 'joining-1053', 'joining-1070'],
  'small-agreement': ['small-agreement-1327'],
};

/** The seeds of a run: TOWN_SEED (one, or several with commas between them), or TOWN_SEEDS many, or as many as are named here. */
export function seedsOf(scenario: ScenarioName, count: number): string[] {
  const { TOWN_SEED: only, TOWN_SEEDS: many } = process.env;
  if (only !== undefined) return only.split(',');
  return [...Array.from({ length: Number(many ?? count) }, (_, at) => `${scenario}-${at}`), ...(FOUND[scenario] ?? [])];
}

/**
 * Lives through these seeds, in a process of their own: the test runner follows every promise, which takes half of the time.
 * @returns the digests of what happened, in the order of the seeds
 */
export async function liveThrough(scenario: ScenarioName, seeds: readonly string[]): Promise<string[]> {
  const digests: string[] = [];
  for (let at = 0; at < seeds.length; at += PART) {
    const part = seeds.slice(at, at + PART);
    const child = spawn(process.execPath, ['--enable-source-maps', CHILD, scenario, ...part], { stdio: 'pipe' });
    const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    const lines = out.split('\n').slice(0, -1);
    // What ends the process without a word of its own still names the seed after the last that was lived through.
    if (lines.length < part.length) assert.fail(`TOWN_SEED=${part[lines.length]} shows it again.\n${err}`);
    assert.equal(status, 0, err);
    digests.push(...lines.map((line) => line.split(' ')[1]!));
  }
  return digests;
}
