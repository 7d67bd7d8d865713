import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { Failure } from '../base/errors.js';

/** Who serves a control socket, for the case that it does not answer: beside the socket lies its process's number. */

const fileOf = (path: string): string => `${path}.pid`;

/** @returns takes it away again */
export async function signHolder(path: string): Promise<() => Promise<void>> {
  if (process.platform === 'win32') return async () => {};
  await writeFile(fileOf(path), `${process.pid}\n`, { mode: 0o600 });
  return () => rm(fileOf(path), { force: true });
}

function pidOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(fileOf(path), 'utf8'));
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/** Linux says of each process whether it was stopped. */
function isStopped(pid: number): boolean {
  try {
    return /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The program at the socket is there and does not answer. */
export function holderSilent(path: string, ms: number, cause?: unknown): Failure {
  const pid = pidOf(path);
  const who = pid === undefined ? 'The running p2pchat' : `The running p2pchat (process ${pid})`;
  const seconds = Math.ceil(ms / 1_000);
  if (pid !== undefined && isStopped(pid)) {
    return new Failure('holder-silent', `${who} holds this and is stopped: no answer in ${seconds} s.`, {
      hint: `Let it go on: fg in its terminal, or kill -CONT ${pid}. Or end it: kill -KILL ${pid}.`,
      details: { pid, stopped: true },
      cause,
    });
  }
  const end = pid === undefined ? 'end it' : `end it (kill ${pid}, then kill -KILL ${pid})`;
  return new Failure('holder-silent', `${who} holds this and has not answered for ${seconds} s.`, {
    hint: `Wait, or ${end} and give the command again.`,
    ...(pid !== undefined && { details: { pid } }),
    cause,
  });
}
