import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../src/base/errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

const EDITED = 'edit-';
/** What is longer stays in its file: no line holds it. */
const MOST_BYTES = 4 << 20;

/** As git and crontab choose; a shell reads it, since it may have arguments. */
const editorOf = (env: Environment): string => env.VISUAL || env.EDITOR || 'vi';

/** Runs it on the terminal to its end. While it runs Ctrl+C is its own business. @returns its status */
function runOn(path: string, editor: string): Promise<number> {
  const listeners = process.listeners('SIGINT');
  const ignore = (): void => {};
  process.removeAllListeners('SIGINT');
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `trap : INT; ${editor} "$1"`, editor, path], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  }).finally(() => {
    process.off('SIGINT', ignore);
    for (const listener of listeners) process.on('SIGINT', listener);
  });
}

/** What a program that was killed meanwhile has left; one at a time edits in a profile. */
function sweep(home: string): void {
  for (const name of readdirSync(home)) {
    if (name.startsWith(EDITED)) rmSync(join(home, name), { recursive: true, force: true });
  }
}

/**
 * Edits a text in the person's own editor, in a file that only this person can read and that goes afterwards.
 * @param home the profile's folder
 * @throws Failure usage 'editor-failed' where it ends with an error: its text is given up, as editors promise
 */
export function textEditor(home: string, env: Environment): (text: string) => Promise<string> {
  return async (text) => {
    mkdirSync(home, { recursive: true });
    sweep(home);
    const folder = mkdtempSync(join(home, EDITED));
    const path = join(folder, 'message.txt');
    try {
      writeFileSync(path, text === '' ? '' : `${text}\n`, { mode: 0o600, flag: 'wx' });
      const editor = editorOf(env);
      const status = await runOn(path, editor);
      if (status !== 0) {
        throw new Failure('editor-failed', `The editor '${editor}' ended with status ${status}.`);
      }
      if (statSync(path).size > MOST_BYTES) {
        const kept = mkdtempSync(join(home, 'too-long-'));
        renameSync(path, join(kept, 'message.txt'));
        throw new Failure('editor-failed', 'What was written is too long for the line.', {
          hint: `It is in ${join(kept, 'message.txt')}: /p2pfile sends it.`,
        });
      }
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
