/**
 * A slow line in front of a program: what goes in and out is held back for some milliseconds and let through at so many bytes
 * a second, each way. `node slow-line.js DELAY RATE PROGRAM ARGS…`
 */
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';

const [delay, rate, program, ...args] = process.argv.slice(2);
const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });

async function carry(from: Readable, to: Writable): Promise<void> {
  let free = 0;
  let last: Promise<unknown> = Promise.resolve();
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const now = performance.now();
    free = Math.max(free, now) + (chunk.length * 1_000) / Number(rate);
    const due = free + Number(delay) - now;
    last = Promise.all([last, after(due)]).then(() => to.write(chunk));
  }
  await last;
  to.end();
}

child.on('close', (code) => process.exit(code ?? 1));
for (const end of [child.stdin, process.stdout]) end.on('error', () => process.exit(0));
void carry(process.stdin, child.stdin);
void carry(child.stdout, process.stdout);
