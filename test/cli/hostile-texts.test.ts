import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CODES, type Code } from '../../src/base/errors/codes.js';
import { Failure } from '../../src/base/errors.js';
import { eventLines } from '../../src/cli/events.js';
import { Output } from '../../src/cli/output.js';
import { bindNamed, type Given } from '../../src/commands/bind-arguments.js';
import type { Command, Context } from '../../src/commands/command.js';
import { commands } from '../../src/commands/commands.js';
import type { Parameter } from '../../src/commands/parameter.js';
import { lineOf, message, toRpcError } from '../../src/control/jsonrpc.js';
import { EVENTS } from '../../src/peer/api/event-table.js';
import { HOSTILE_EVENTS } from '../support/hostile-events.js';
import { hostilePeer } from '../support/hostile-peer.js';
import { HOSTILE, harmOf } from '../support/hostile-text.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');

/** An output on a terminal, and all that came out of it. */
function listened(json: boolean): { output: Output; heard: () => string } {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const chunks: string[] = [];
  for (const stream of [out, err]) stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  return { output: new Output(out, err, json), heard: () => chunks.splice(0).join('') };
}

const FACES = ['shell', 'slash'] as const;

test('T2 N8 every field of every event, hostile, in lines and in JSON', () => {
  for (const [name, events] of Object.entries(HOSTILE_EVENTS)) {
    const fields = new Set(events.flatMap((event) => Object.keys(event)));
    for (const field of Object.keys(EVENTS[name as keyof typeof EVENTS].fields)) {
      assert.ok(fields.has(field), `${name}.${field} has no hostile form`);
    }
    for (const event of events) {
      for (const face of FACES) {
        for (const json of [false, true]) {
          const { output, heard } = listened(json);
          const lines = eventLines(event, NOW, face);
          output.say(event, lines);
          const written = heard();
          assert.equal(harmOf(written), '', `${name}, ${json ? 'JSON' : face}`);
          assert.equal(written.split('\n').length - 1, json ? 1 : lines.length, name);
        }
      }
    }
  }
});

test('T2 N8 every error with hostile words, in lines, in JSON and to a program', () => {
  for (const code of Object.keys(CODES) as Code[]) {
    const failure = Failure.from({
      ...{ reason: HOSTILE, code: `${code}${HOSTILE}`, message: HOSTILE, hint: HOSTILE },
      details: { nearest: HOSTILE, [HOSTILE]: HOSTILE },
    });
    for (const json of [false, true]) {
      const { output, heard } = listened(json);
      output.failure(failure);
      const written = heard();
      assert.equal(harmOf(written), '', code);
      assert.equal(written.split('\n').length - 1, json ? 1 : 2, code);
    }
    assert.equal(harmOf(Buffer.from(lineOf(message({ id: 1, error: toRpcError(failure) }))).toString()), '', code);
  }
});

const SAMPLES: Readonly<Record<string, unknown>> = {
  ...{
    group: '#club',
    user: 'bob',
    conversation: '@bob',
    count: '1',
    seconds: '1',
    time: '2026-01-01',
    switch: 'true',
  },
  ...{ path: 'film.mp4', paths: 'film.mp4', rate: '1MB/s', delay: '1ms', command: 'send', words: 'eve' },
};

/** Each way in which a command can be given: every choice there is. */
function* argumentsOf(command: Command): Generator<Given> {
  // Any other would be started.
  if (command.name === 'play') return yield { id: HOSTILE, player: 'none' };
  const entries = Object.entries(command.parameters) as [string, Parameter][];
  const choices = entries.find(([, { type }]) => type === 'choice');
  const options = choices === undefined ? [undefined] : (choices[1] as { choices: readonly string[] }).choices;
  for (const chosen of options) {
    const given = entries.map(([name, parameter]) => {
      if (parameter.type === 'choice') return [name, name === choices?.[0] ? chosen : parameter.choices[0]];
      return [name, SAMPLES[parameter.type] ?? HOSTILE];
    });
    yield Object.fromEntries(given) as Given;
    const least = given.filter(
      ([name]) => !entries.find(([each]) => each === name)![1].optional || name === choices?.[0],
    );
    yield Object.fromEntries(least) as Given;
  }
}

const contextOf = (face: Context['face']): Context => ({ face, commands, now: () => NOW, role: 'super-admin' });

/** What the command said until it had enough, as a face writes it. */
async function written(command: Command, given: Given, face: 'shell' | 'slash', json: boolean): Promise<string> {
  const { output, heard } = listened(json);
  const context = contextOf(face);
  try {
    const args = bindNamed(command, given);
    for await (const item of command.run(hostilePeer(), args, context)) {
      output.say(item, command.lines(item, context));
      output.progress(command.progress(item, context) ?? []);
      for (const line of command.asks(item)?.lines ?? []) output.note(line);
    }
  } catch (error) {
    assert.ok(error instanceof Failure, `${command.name} ${JSON.stringify(given).slice(0, 200)}: ${String(error)}`);
    output.failure(error);
  }
  return heard();
}

/** Without anything to list, or only of this machine. */
const SILENT = new Set(['help']);

test('T2 N8 every listing of every command, of a peer to whom the worst was said', async () => {
  for (const command of commands) {
    let said = '';
    for (const given of argumentsOf(command)) {
      for (const face of FACES) {
        for (const json of [false, true]) {
          const text = await written(command, given, face, json);
          assert.equal(harmOf(text), '', `${command.name} ${JSON.stringify(given).slice(0, 80)}, ${face}`);
          said += text;
        }
      }
    }
    assert.ok(said !== '' || SILENT.has(command.name), `${command.name} said nothing`);
  }
});
