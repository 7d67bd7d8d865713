import type { Bytes } from './seal.js';
import { Trouble } from './trouble.js';

/**
 * Where a file goes as it comes, so that the page never holds all of it: a file that the person names, where the browser lets
 * a page write one (File System Access); else a file of the page's own on the disk (origin private file system), which the
 * browser then copies to its downloads; else parts of a Blob, which the browser keeps where it likes.
 */
export interface Saver {
  write(bytes: Bytes): Promise<void>;
  /** All is there: it gets its name. */
  finish(): Promise<void>;
  /** Nothing of it stays. */
  drop(): Promise<void>;
}

type Pick = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

const PREFIX = 'p2pchat-';
/** A copy of the browser's own is gone on with while its source is there: this long, and a second for so many bytes. */
const KEPT_MS = 60_000;
const BYTES_PER_SECOND = 10_000_000;
/** What a page left that was closed too early. */
const STALE_MS = 24 * 3_600_000;

/** To be called at once by what the person does: the browser asks for the file then. Undefined where they want none. */
export async function chooseSaver(name: string): Promise<Saver | undefined> {
  const pick = (globalThis as { showSaveFilePicker?: Pick }).showSaveFilePicker;
  if (pick !== undefined) {
    try {
      return await toHandle(await pick({ suggestedName: name }));
    } catch (error) {
      if ((error as DOMException).name === 'AbortError') return undefined;
      // Some browsers have it and let no page use it.
    }
  }
  return toOwnFile(name).catch(() => toBlob(name));
}

async function toHandle(handle: FileSystemFileHandle): Promise<Saver> {
  const stream = await handle.createWritable();
  return {
    write: (bytes) => stream.write(bytes).catch(notSaved),
    finish: () => stream.close().catch(notSaved),
    drop: () => stream.abort().catch(() => {}),
  };
}

async function toOwnFile(name: string): Promise<Saver> {
  const root = await navigator.storage.getDirectory();
  await sweep(root).catch(() => {});
  const own = `${PREFIX}${Date.now()}-${crypto.randomUUID()}`;
  const handle = await root.getFileHandle(own, { create: true });
  const forget = (): void => void root.removeEntry(own).catch(() => {});
  const saver = await toHandle(handle);
  return {
    write: saver.write,
    async finish() {
      await saver.finish();
      const file = await handle.getFile();
      give(file, name);
      setTimeout(forget, KEPT_MS + (1_000 * file.size) / BYTES_PER_SECOND);
    },
    async drop() {
      await saver.drop();
      forget();
    },
  };
}

async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  const names = (root as unknown as { keys(): AsyncIterable<string> }).keys();
  for await (const name of names) {
    const at = Number(/^p2pchat-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Date.now() - at > STALE_MS) await root.removeEntry(name);
  }
}

function toBlob(name: string): Saver {
  let parts: Blob[] = [];
  return {
    async write(bytes) {
      parts.push(new Blob([bytes]));
    },
    async finish() {
      give(new Blob(parts), name);
      parts = [];
    },
    async drop() {
      parts = [];
    },
  };
}

function give(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

const notSaved = (): never => {
  throw new Trouble('not-saved');
};
