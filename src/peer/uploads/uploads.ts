import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import PQueue from 'p-queue';
import { hex } from '../../base/bytes.js';
import { type Clock, timestamp } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore, Step } from '../../store/local.js';
import type { UploadContent } from '../../wire/content.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import type { UploadEvent } from '../api/events.js';
import type { UploadsApi } from '../api/uploads.js';
import type { Transaction } from '../messaging/transaction.js';
import type { SendingRow, Tables, UploadRow } from '../storage/tables.js';
import { typeOf } from '../transfers/source.js';
import { fetchFile } from './fetch.js';
import { Job } from './job.js';
import { sendFile } from './send.js';
import { rowOf, viewOf } from './view.js';

/** What uploads need to know of groups. */
export interface UploadGroups {
  /** @throws Failure unknown 'group-unknown', denied 'group-not-joined' */
  joined(name: string): Promise<Uint8Array>;
  /** @throws besides, Failure denied 'group-read-only' */
  writable(name: string): Promise<Uint8Array>;
  /** `#name`; undefined of a group that is not known here. */
  nameOf(id: Uint8Array): string | undefined;
  /** Tells the group; the steps are one write with the message. Its id is the upload's. */
  announce(group: Uint8Array, content: UploadContent, steps: readonly Step[]): Promise<void>;
}

export interface UploadsInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly directoryId: string;
  readonly user: string;
  readonly request: DirectoryRequest;
  readonly groups: UploadGroups;
  isOnline(): boolean;
  /** Where files go if nothing else is said. */
  folder(): string;
  emit(event: UploadEvent): void;
}

const RETRY_MS = 2_000;

/** Files for groups: brought to the directory and fetched from there, one after the other, until they are over. */
export class Uploads implements UploadsApi {
  readonly #init: UploadsInit;
  readonly #jobs = new Map<string, Job>();
  readonly #work = new Map<Job, () => Promise<void>>();
  readonly #turns = { up: new PQueue({ concurrency: 1 }), down: new PQueue({ concurrency: 1 }) };
  readonly #followers = new Set<(event: UploadEvent) => void>();

  constructor(init: UploadsInit) {
    this.#init = init;
  }

  /** What an earlier program began. */
  async load(): Promise<void> {
    for await (const row of this.#init.tables.sending.range([])) this.#begin(row);
  }

  /** The directory can be reached (again). */
  resume(): void {
    for (const job of this.#jobs.values()) this.#start(job);
  }

  // --- What comes from groups ---

  /** A member tells of a file. @param past when it was said before this device came, and is found now */
  take(group: Uint8Array, from: string, content: UploadContent, tx: Transaction, { past = false } = {}): void {
    const row = rowOf(group, from, content);
    tx.add(this.#put(row));
    if (!past) tx.afterCommit(() => this.#tell(viewOf(row, this.#nameOf(row), 'stored', row.size)));
  }

  /** A message of this device has its place in its group's log. */
  announced(message: string): void {
    const job = this.#jobs.get(message);
    if (job === undefined) return;
    this.#jobs.delete(message);
    job.done({ state: 'stored' });
  }

  /** The message about it was refused: nobody can use the file. */
  refused(message: string, why: Failure): void {
    const job = this.#jobs.get(message);
    if (job === undefined) return;
    this.#over(job, why);
    this.#init.scope.run(
      async () => {
        const row = await this.#find(message);
        if (row === undefined) return;
        await this.#init.disk.write([this.#init.tables.uploads.remove([hex(row.group), message])]);
        await this.#init.request('uploads.remove', { group: row.group, upload: row.id });
      },
      () => {},
    );
  }

  // --- What a person does ---

  async send(name: string, path: string): Promise<UploadEvent> {
    const { tables, disk, clock, random, groups, request, isOnline } = this.#init;
    const { size, mtimeMs } = await fileAt(path);
    const group = await groups.writable(name);
    const row: SendingRow = {
      ...{ id: random.bytes(16), group, path, name: basename(path), size, mtimeMs },
      key: random.bytes(32),
      createdAt: clock.now(),
    };
    // What doesn't fit is said at once.
    if (isOnline()) await request('uploads.begin', { group, upload: row.id, size }).catch(unlessUnreachable);
    await disk.write([tables.sending.put([hex(row.id)], row)]);
    const job = this.#begin(row);
    this.#start(job);
    return job.event;
  }

  async list(name?: string): Promise<readonly UploadEvent[]> {
    const group = name === undefined ? undefined : await this.#init.groups.joined(name);
    const rows = (await this.#rows(group)).sort((a, b) => a.sentAt - b.sentAt);
    const there = await this.#there(rows);
    const views = rows
      .filter((row) => this.#jobs.get(hex(row.id))?.direction !== 'up')
      .map((row) => this.#view(row, there));
    const label = group && this.#init.groups.nameOf(group);
    const rising = [...this.#jobs.values()].filter(
      ({ direction, event }) => direction === 'up' && (label === undefined || event.group === label),
    );
    return [...views, ...rising.map(({ event }) => event)];
  }

  async download(id: string, folder = this.#init.folder()): Promise<UploadEvent> {
    const row = await this.#need(id);
    const known = this.#jobs.get(hex(row.id));
    if (known !== undefined) return known.event;
    const job = this.#job(viewOf({ ...row, path: undefined }, this.#nameOf(row), 'downloading'));
    this.#work.set(job, async () => {
      const { directoryId, clock, request, tables, disk } = this.#init;
      const means = { directoryId, clock, request, signal: job.abort.signal };
      const path = await fetchFile({ ...means, row, folder, onProgress: (bytes) => job.progress(bytes) });
      await disk.write([tables.uploads.put([hex(row.group), hex(row.id)], { ...row, path })]);
      this.#jobs.delete(hex(row.id));
      job.done({ state: 'done', path });
    });
    this.#start(job);
    return job.event;
  }

  async remove(id: string): Promise<UploadEvent> {
    const { request } = this.#init;
    const job = [...this.#jobs.values()].find(({ event }) => event.id.startsWith(id.toLowerCase()));
    if (job?.direction === 'down') return this.#over(job, cancelled());
    if (job !== undefined) {
      const event = this.#over(job, cancelled());
      await this.#withdraw(event.id);
      return event;
    }
    const row = await this.#need(id);
    await request('uploads.remove', { group: row.group, upload: row.id });
    const event = viewOf(row, this.#nameOf(row), 'expired');
    this.#tell(event);
    return event;
  }

  async finished(id: string): Promise<UploadEvent> {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job.finished;
    const row = await this.#need(id);
    return viewOf(row, this.#nameOf(row), row.path === undefined ? 'stored' : 'done', row.size);
  }

  follow(listener: (event: UploadEvent) => void): () => void {
    this.#followers.add(listener);
    return () => {
      this.#followers.delete(listener);
    };
  }

  // --- Inside ---

  #begin(row: SendingRow): Job {
    const type = typeOf(row.path);
    const shown = { ...row, from: this.#init.user, ...(type !== undefined && { type }) };
    const job = this.#job(viewOf(shown, this.#nameOf(row), 'uploading'));
    this.#work.set(job, () => this.#upload(job, row, type));
    return job;
  }

  async #upload(job: Job, row: SendingRow, type: string | undefined): Promise<void> {
    const { directoryId, clock, random, request, tables, groups, user } = this.#init;
    const means = { directoryId, clock, random, request, signal: job.abort.signal };
    const sum = await sendFile({ ...means, row, onProgress: (bytes) => job.progress(bytes) });
    const content: UploadContent = {
      ...{ type: 'upload', upload: row.id, key: row.key, name: row.name, size: row.size, sum, sentAt: clock.now() },
      ...(type !== undefined && { mime: type }),
    };
    // From here on the message is what has to arrive.
    this.#work.delete(job);
    const known = { ...rowOf(row.group, user, content), path: row.path };
    await groups.announce(row.group, content, [this.#put(known), tables.sending.remove([hex(row.id)])]);
  }

  #job(event: UploadEvent): Job {
    const job = new Job(event, { clock: this.#init.clock, emit: (told) => this.#tell(told) });
    this.#jobs.set(event.id, job);
    return job;
  }

  #start(job: Job): void {
    const { scope, isOnline } = this.#init;
    if (job.running || !this.#work.has(job) || !isOnline() || scope.closed) return;
    job.running = true;
    const stop = (): void => job.abort.abort(cancelled());
    scope.run(
      async (signal) => {
        signal.addEventListener('abort', stop, { once: true });
        await this.#turns[job.direction].add(async () => this.#work.get(job)?.());
      },
      (error) => this.#stopped(job, toFailure(error)),
    );
  }

  /** Without the directory it goes on when that is back. */
  #stopped(job: Job, why: Failure): void {
    const { scope, clock, isOnline } = this.#init;
    job.running = false;
    if (scope.closed || this.#jobs.get(job.event.id) !== job) return;
    if (why.reason === 'unreachable') {
      if (isOnline()) scope.after(clock, RETRY_MS, () => this.#start(job));
      return;
    }
    this.#over(job, why);
    if (job.direction === 'down') return;
    scope.run(
      () => this.#withdraw(job.event.id),
      () => {},
    );
  }

  /** What was begun is forgotten here, and its room given back. */
  async #withdraw(id: string): Promise<void> {
    const { tables, disk, request } = this.#init;
    const row = await tables.sending.get(id);
    if (row === undefined) return;
    await disk.write([tables.sending.remove([id])]);
    await request('uploads.remove', { group: row.group, upload: row.id }).catch(unlessGone);
  }

  #over(job: Job, why: Failure): UploadEvent {
    this.#jobs.delete(job.event.id);
    this.#work.delete(job);
    job.abort.abort(why);
    return job.failed(why);
  }

  #tell(event: UploadEvent): void {
    this.#init.emit(event);
    for (const follower of this.#followers) follower(event);
  }

  #put(row: UploadRow): Step {
    return this.#init.tables.uploads.put([hex(row.group), hex(row.id)], row);
  }

  #view(row: UploadRow, there: ReadonlyMap<string, number> | undefined): UploadEvent {
    const job = this.#jobs.get(hex(row.id));
    if (job !== undefined) return job.event;
    const expires = there?.get(hex(row.id));
    const state = there !== undefined && expires === undefined ? 'expired' : row.path === undefined ? 'stored' : 'done';
    const view = viewOf(row, this.#nameOf(row), state, row.size);
    return expires === undefined ? view : { ...view, expires: timestamp(expires) };
  }

  /** When each file which the directory has goes; undefined where it can't be asked. */
  async #there(rows: readonly UploadRow[]): Promise<ReadonlyMap<string, number> | undefined> {
    const { request, isOnline } = this.#init;
    if (!isOnline()) return undefined;
    const there = new Map<string, number>();
    for (const group of new Map(rows.map((row) => [hex(row.group), row.group])).values()) {
      // Of a group one has left nothing is to be had.
      const { uploads } = await request('uploads.list', { group }).catch(unlessLeft);
      for (const { upload, expires } of uploads) there.set(hex(upload), expires);
    }
    return there;
  }

  async #rows(group?: Uint8Array): Promise<UploadRow[]> {
    const rows: UploadRow[] = [];
    for await (const row of this.#init.tables.uploads.range(group === undefined ? [] : [hex(group)])) rows.push(row);
    return rows;
  }

  async #find(id: string): Promise<UploadRow | undefined> {
    const found = (await this.#rows()).filter((row) => hex(row.id).startsWith(id.toLowerCase()));
    return found.length === 1 ? found[0] : undefined;
  }

  async #need(id: string): Promise<UploadRow> {
    const found = await this.#find(id);
    if (found !== undefined) return found;
    throw new Failure('upload-unknown');
  }

  #nameOf({ group }: { readonly group: Uint8Array }): string {
    return this.#init.groups.nameOf(group) ?? '#';
  }
}

async function fileAt(path: string): Promise<{ size: number; mtimeMs: number }> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new Failure('no-such-file', `'${path}' is not there or cannot be read`, {
      hint: 'Check the path and its permissions.',
      cause,
    });
  });
  if (info.isFile()) return info;
  throw new Failure('not-a-file', `'${path}' is not a file`);
}

function unlessUnreachable(error: unknown): void {
  if (toFailure(error).reason !== 'unreachable') throw error;
}

function unlessGone(error: unknown): void {
  if (!hasCode(error, 'upload-gone')) unlessUnreachable(error);
}

function unlessLeft(error: unknown): { uploads: readonly [] } {
  if (hasCode(error, 'group-not-joined')) return { uploads: [] };
  throw error;
}

const cancelled = (): Failure => new Failure('upload-cancelled');
