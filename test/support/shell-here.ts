import { PassThrough, Writable } from 'node:stream';
import { systemClock } from '../../src/base/clock.js';
import { toFailure } from '../../src/base/errors.js';
import { Scope } from '../../src/base/scope.js';
import { Output } from '../../src/cli/output.js';
import type { Parts } from '../../src/cli/parts.js';
import { openShell, type Process } from '../../src/cli/shell.js';
import { parse } from '../../src/cli/yargs.js';
import { peers } from '../../src/peer/session/peers.js';

/** The shell's face in this process: what is typed is parsed and run as the program does it, without a process for each. */

export interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly hint: string;
  readonly stdout: string;
  readonly stderr: string;
}

const collected = () => {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
};

const absent = async (): Promise<never> => {
  throw new Error('not for this test');
};

const parts: Parts = {
  version: '0.0.0',
  program: '',
  echoBot: '',
  peer: async () => peers,
  directory: absent,
  relay: absent,
  screen: absent,
};

export async function shellHere(home: string, words: readonly string[], input = ''): Promise<Answered> {
  const [out, err] = [collected(), collected()];
  const stdin = new PassThrough();
  stdin.end(input);
  const scope = new Scope();
  const process = {
    env: { P2PCHAT_HOME: home, P2PCHAT_LAN: 'off', P2PCHAT_MAPPING: 'off' },
    stdin,
    stdout: out.stream,
    stderr: err.stream,
  };
  const json = words.includes('--json');
  let failure: ReturnType<typeof toFailure> | undefined;
  try {
    const action = await parse(words, '0.0.0');
    const shell = openShell({
      ...{ process: process as unknown as Process, json, clock: systemClock, parts, scope },
      endsWell: () => {},
      interrupt: () => {},
      onHangup: () => () => {},
    });
    await action?.(shell);
  } catch (error) {
    failure = toFailure(error);
    new Output(out.stream, err.stream, json).failure(failure);
  }
  await scope.close();
  return {
    status: failure?.exit ?? 0,
    code: failure?.code,
    hint: failure?.hint ?? '',
    stdout: out.text(),
    stderr: err.text(),
  };
}
