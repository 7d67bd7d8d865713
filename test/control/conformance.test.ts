import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { type Failure, toFailure } from '../../src/base/errors.js';
import { Scope } from '../../src/base/scope.js';
import type { Command, Item } from '../../src/commands/command.js';
import { commands } from '../../src/commands/commands.js';
import { onFace } from '../../src/commands/lookup.js';
import { inWordsOf } from '../../src/commands/words-of-face.js';
import { type ControlClient, connectControl } from '../../src/control/client.js';
import { controlPath } from '../../src/control/path.js';
import { commandMethods, eventMethods } from '../../src/control/peer-methods.js';
import { serveControl } from '../../src/control/server.js';
import type { PeerEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';
import { wordFor } from '../support/word-for.js';

/**
 * A peer in this process and the same peer over its control socket are one: every command of the table is called over the
 * socket, with real peers and a real directory behind it, and what arrives there is held against what the command gave here,
 * item by item, and failure by failure.
 */

interface Run {
  readonly items: Item[];
  failure?: Failure;
}

/** Of the latest call, on this side of the socket. */
let run: Run | undefined;

/** The table as it is, with what each command gives written down as it leaves it. */
const recorded: readonly Command[] = commands.map((command) => ({
  ...command,
  async *run(...call) {
    const now: Run = { items: [] };
    run = now;
    try {
      for await (const item of command.run(...call)) {
        now.items.push(item);
        yield item;
      }
    } catch (error) {
      now.failure = toFailure(error);
      throw error;
    }
  },
}));

let town: Town;
let ann: PeerApi;
let client: ControlClient;
const scope = new Scope();
let file: string;

before(async () => {
  town = await Town.build();
  ann = await town.owner('ann');
  await town.settle('bob');
  await ann.groups.create('homework', { kind: 'open' });
  const path = await controlPath(town.home('ann'), {});
  const methods = { ...commandMethods(ann, recorded, () => systemClock.now()), ...eventMethods(ann) };
  await serveControl(path, methods, scope);
  client = (await connectControl(path))!;
  mkdirSync(town.home('files'), { mode: 0o700 });
  file = join(town.home('files'), 'file.txt');
  writeFileSync(file, 'x\n');
});
after(async () => {
  client?.close();
  await scope.close();
  await town?.close();
});

/** It ends the peer: the walk ends with it. */
const offered = commands.filter(
  (command) => onFace(commands, 'rpc', command.name) === command && command.name !== 'logout',
);

const needed = ({ parameters }: Command): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters)
      // Where one may say how long to wait, it is the shortest.
      .filter(([name, { optional, type }]) => name === 'wait' || (!optional && type !== 'secret'))
      .map(([name, parameter]) => [name, wordFor(parameter, { user: 'bob', group: '#homework', file })]),
  );

/** As JSON has it: what is undefined here is not there. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const plain = (failure: Failure): unknown =>
  asJson({
    ...failure.plain,
    message: inWordsOf('shell', failure.message),
    hint: inWordsOf('shell', failure.hint),
    exit: failure.exit,
  });

async function called(how: 'whole' | 'streamed', name: string, args: Record<string, string>): Promise<Run> {
  const there: Run = { items: [] };
  try {
    if (how === 'streamed') await client.stream(name, args, (item) => there.items.push(item));
    else there.items.push(...((await client.call(name, args)) as Item[]));
  } catch (error) {
    there.failure = toFailure(error);
  }
  return there;
}

/** What came of one call on both sides; nothing here where its arguments already were refused. */
async function compare(how: 'whole' | 'streamed', name: string, args: Record<string, string>): Promise<Run> {
  run = undefined;
  const there = await called(how, name, args);
  const here = run as Run | undefined;
  const said = `${name} ${JSON.stringify(args)}, ${how}`;
  if (here === undefined) {
    assert.equal(there.failure?.reason, 'usage', said);
    return there;
  }
  const whole = how === 'streamed' || here.failure === undefined;
  assert.deepEqual(there.items, whole ? asJson(here.items) : [], said);
  assert.equal(there.failure === undefined, here.failure === undefined, said);
  if (here.failure !== undefined) assert.deepEqual(plain(there.failure!), plain(here.failure), said);
  return there;
}

for (const how of ['whole', 'streamed'] as const) {
  test(`every command gives over the control socket what it gives in the process, ${how}`, async () => {
    let fine = 0;
    let failed = 0;
    for (const command of offered) {
      const all = [needed(command)];
      if ('user' in needed(command)) all.push({ ...needed(command), user: 'nobodyhere' });
      for (const args of all) {
        const { failure } = await compare(how, command.name, args);
        if (failure === undefined) fine++;
        else failed++;
      }
    }
    // Of both kinds there are many: a walk in which nothing works would hold nothing.
    assert.ok(fine > offered.length / 3, `${fine} of ${offered.length} did something`);
    assert.ok(failed > 5, `${failed} failed`);
  });
}

test('events come over the control socket as they come in the process, in their order', async () => {
  const here = watch(ann);
  const there: PeerEvent[] = [];
  client.onNotification = (_method, params) => there.push(params.event as PeerEvent);
  await client.call('subscribe', {});
  for (const text of ['one', 'two', 'three']) await client.call('send', { to: '@bob', text, wait: 'delivered' });
  await client.call('group create', { name: 'events' });
  await client.call('unsubscribe', {});
  const [ready, ...events] = there;
  assert.equal(ready?.event, 'ready');
  assert.ok(events.some(({ event }) => event === 'sent') && events.some(({ event }) => event === 'group'));
  // What was there before it subscribed comes first; from then on both hear the same.
  const same = here.seen.slice(here.seen.findIndex((event) => isSame(event, events[0])));
  assert.deepEqual(events, asJson(same.slice(0, events.length)));
});

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
