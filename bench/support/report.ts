import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { timestamp } from '../../src/base/clock.js';

/** A figure that was measured, for example { name: 'durable appends, one writer', value: 3900, unit: '/s' }. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the reader must know to compare it. */
  readonly note?: string;
}

/** What a bench gets: it adds its figures, the runner prints and keeps them. */
export interface Report {
  add(figure: Figure): void;
}

/** The default export of bench/NAME.ts. @param parts what was asked for of it; all of it where that is empty */
export type Bench = (report: Report, parts: readonly string[]) => Promise<void>;

/** Runs the parts asked for, in the order of the table, or all. */
export async function runParts(
  table: Readonly<Record<string, (report: Report) => Promise<void>>>,
  report: Report,
  parts: readonly string[],
): Promise<void> {
  const unknown = parts.find((part) => !Object.hasOwn(table, part));
  if (unknown !== undefined) throw new Error(`no part '${unknown}'; there are ${Object.keys(table).join(', ')}`);
  for (const [name, part] of Object.entries(table)) if (parts.length === 0 || parts.includes(name)) await part(report);
}

/** The value below which that share of the values lies. */
export const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

/** The median of so many runs: one that something disturbed does not count. */
export async function medianOf(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) values.push(await measure());
  return values.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGigabytes: number;
  readonly platform: string;
  readonly node: string;
  /** Processes that want to run, over the last minute: much above 0 before a bench means that others disturb it. */
  readonly load: number;
  readonly commit: string;
}

function describeMachine(): Machine {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    load: Math.round(loadavg()[0]! * 100) / 100,
    commit: commitOf(),
  };
}

function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

export class PrintedReport implements Report {
  readonly #name: string;
  readonly #machine = describeMachine();
  readonly #figures: Figure[] = [];

  constructor(name: string) {
    this.#name = name;
    const { cores, cpu, memoryGigabytes, platform, node, load } = this.#machine;
    console.log(`\n${name}: ${cores} × ${cpu}, ${memoryGigabytes} GB, ${platform}, Node ${node}, load ${load}`);
  }

  add(figure: Figure): void {
    this.#figures.push(figure);
    const { name, value, unit, note } = figure;
    console.log(`  ${name.padEnd(56)} ${rounded(value).padStart(12)} ${unit.padEnd(6)} ${note ?? ''}`.trimEnd());
  }

  /** Keeps the figures as JSON in the folder; the file's path. */
  save(folder: string, now: number): string {
    mkdirSync(folder, { recursive: true });
    const at = timestamp(now);
    const file = join(folder, `${this.#name}-${at.replace(/[:.]/g, '-')}.json`);
    writeFileSync(
      file,
      `${JSON.stringify({ bench: this.#name, at, machine: this.#machine, figures: this.#figures }, undefined, 2)}\n`,
    );
    return file;
  }
}

/** Three significant digits at least, and no false precision. */
function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
