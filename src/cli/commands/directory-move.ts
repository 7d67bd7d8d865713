import { timestamp } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { StoreCounts } from '../parts.js';
import type { Shell } from '../shell.js';
import { dataFolder, type StoreOptions, storeOf } from './directory-place.js';

export interface MigrateParsed extends StoreOptions {
  readonly from: string;
  readonly to: string;
}

export interface CheckParsed extends StoreOptions {
  readonly data?: string | undefined;
}

export interface RestoreParsed extends CheckParsed {
  readonly from: string;
}

const counted = ({ records, entries, blobs, bytes }: StoreCounts): string =>
  `${records} records, ${entries} entries of logs, ${blobs} blobs, ${bytes} bytes`;

/** `directory migrate`: from one store to another, on from where it stopped. */
export async function directoryMigrate(shell: Shell, { from, to, ...options }: MigrateParsed): Promise<void> {
  const cluster = [from, to].find((place) => place.startsWith('nats:'));
  const { store: _, ...place } = await storeOf(shell, { ...options, store: cluster });
  const { migrate } = await shell.parts.directory();
  const { records, entries, blobs, bytes } = await migrate({ from, to, ...place });
  const counts = { records, entries, blobs, bytes };
  shell.output.say({ event: 'migrated', from, to, ...counts }, [
    `All of it is there, and the same in both: ${counted(counts)}.`,
    `${from} is as it was, and marked as moved.`,
    `Start it: p2pchat directory start ${to.startsWith('nats:') ? `--store '${to}' --key-file FILE` : `--data '${to.slice('level:'.length)}'`}`,
  ]);
}

/** `directory restore`: into an empty store. */
export async function directoryRestore(shell: Shell, { from, data, ...options }: RestoreParsed): Promise<void> {
  const { store, ...place } = await storeOf(shell, options);
  const { restore } = await shell.parts.directory();
  const to = store ?? `level:${dataFolder(shell, data)}`;
  const { records, entries, blobs, bytes, at } = await restore({ from, to, ...place });
  const counts = { records, entries, blobs, bytes };
  const taken = at === undefined ? {} : { at: timestamp(at) };
  shell.output.say({ event: 'restored', from, to, ...taken, ...counts }, [
    `Put back${at === undefined ? '' : ` as of ${timestamp(at)}`}, and the same in both: ${counted(counts)}.`,
    'Start the directory as usual: it tells every device that it was set back, and they hand in what it lacks.',
  ]);
}

/** `directory check`: everything is read, every checksum compared. */
export async function directoryCheck(shell: Shell, { data, ...options }: CheckParsed): Promise<void> {
  const { store, ...place } = await storeOf(shell, options);
  const { check } = await shell.parts.directory();
  const { problems, ...counts } = await check(store ?? `level:${dataFolder(shell, data)}`, place);
  shell.output.say({ event: 'checked', ...counts, problems: [...problems] }, [
    problems.length === 0 ? `Nothing is wrong: ${counted(counts)}.` : `What could be read: ${counted(counts)}.`,
    ...problems,
  ]);
  if (problems.length === 0) return;
  const places = problems.length === 1 ? 'one place' : `${problems.length} places`;
  throw new Failure('store-damaged', `The store is damaged in ${places}.`);
}
