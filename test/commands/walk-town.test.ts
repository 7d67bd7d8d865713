import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { Failure, toFailure } from '../../src/base/errors.js';
import { Scope } from '../../src/base/scope.js';
import { helpText } from '../../src/cli/yargs.js';
import { bindNamed, secretsOf } from '../../src/commands/bind-arguments.js';
import type { Command, Context, Item } from '../../src/commands/command.js';
import { commands } from '../../src/commands/commands.js';
import { parametersOf } from '../../src/commands/help.js';
import { onFace, permit } from '../../src/commands/lookup.js';
import type { Parameter } from '../../src/commands/parameter.js';
import { parseSlash } from '../../src/commands/slash.js';
import { inWordsOf } from '../../src/commands/words-of-face.js';
import { controlPath } from '../../src/control/path.js';
import { commandMethods, eventMethods } from '../../src/control/peer-methods.js';
import { serveControl } from '../../src/control/server.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { shellHere } from '../support/shell-here.js';
import { PASSWORD, Town } from '../support/town.js';
import { type Named, wordFor } from '../support/word-for.js';

/** Every command against a real directory and real peers, one set-up for all: what it says where it cannot do what was asked. */

let town: Town;
let ann: PeerApi;
let bob: PeerApi;
const scope = new Scope();
let file: string;
let secret: string;
let nowhere: string;

before(async () => {
  town = await Town.build();
  ann = await town.owner('ann');
  bob = await town.settle('bob');
  await town.settle('cat');
  await ann.groups.create('homework', { kind: 'open' });
  for (const peer of [ann, bob]) {
    const methods = { ...commandMethods(peer, commands, () => systemClock.now()), ...eventMethods(peer) };
    await serveControl(await controlPath(town.home(peer.user), {}), methods, scope);
  }
  nowhere = town.home('nobody');
  mkdirSync(nowhere, { mode: 0o700 });
  file = join(nowhere, 'file.txt');
  writeFileSync(file, 'x\n');
  secret = join(nowhere, 'password');
  writeFileSync(secret, `${PASSWORD}\n`);
});
after(async () => {
  await scope.close();
  await town.close();
});

const shellCommands = commands.filter(({ shell }) => shell);

type Names = Omit<Named, 'file'>;

const HERE: Names = { user: 'bob', group: '#homework' };
const NOBODY: Names = { user: 'nobodyhere', group: '#homewrok' };

const value = (parameter: Parameter, names: Names): string => wordFor(parameter, { ...names, file });

const isName = ({ type }: Parameter): boolean => ['user', 'conversation', 'group'].includes(type);

/** What is needed, and every name, also those that may be left out. */
const wanted = (command: Command) =>
  parametersOf(command, 'shell').filter(
    ({ parameter }) => parameter.type !== 'secret' && (!parameter.optional || isName(parameter)),
  );

const typed = (command: Command, names: Names): string[] => [
  ...command.name.split(' '),
  ...wanted(command).flatMap(({ name, parameter }) => [`--${name}`, value(parameter, names)]),
];

const secretFiles = (command: Command): string[] =>
  [...new Set(secretsOf(command).map(({ file: option }) => option))].flatMap((option) => [`--${option}`, secret]);

/** What a person is told to do must be of the face where they stand. */
function assertOwnWords(face: 'slash' | 'shell', text: string): void {
  const pattern = face === 'shell' ? /(?<![\w/.'~])\/([a-z]+)\b(?![/.])/g : /\bp2pchat ([a-z-]+)\b/g;
  for (const [whole, name = ''] of text.matchAll(pattern)) {
    assert.equal(onFace(commands, face, name), undefined, `${whole} in the ${face}: ${text}`);
  }
  if (face === 'shell') assert.doesNotMatch(text, /p2pchat [^.;]* #\w/, text);
}

/** All that a command could have left half done. */
const state = async (peer: PeerApi) => ({
  groups: await peer.groups.list(),
  members: await peer.groups.members('#homework'),
  conversations: (await peer.conversations()).map(({ conversation }) => conversation),
  preferences: peer.preferences.get(),
  rules: await peer.files.rules(),
  roles: (await peer.users()).map(({ user, role }) => [user, role]),
});

/** Of these a name that nobody has is none of their business, or they lift what stands here alone. */
const takesAnyName = (command: Command): boolean => wanted(command).every(({ parameter }) => !isName(parameter));

test('a person or a group that is not there is status 5 in every command, and nothing is done', async () => {
  const untouched = await state(ann);
  for (const command of shellCommands.filter((each) => !takesAnyName(each))) {
    const names = wanted(command).filter(({ parameter }) => isName(parameter));
    for (const one of names) {
      const line = [
        ...command.name.split(' '),
        ...wanted(command).flatMap(({ name, parameter }) => [
          `--${name}`,
          value(parameter, name === one.name ? NOBODY : HERE),
        ]),
      ];
      if (command.name === 'group create') continue;
      const { status, code, hint, stderr } = await shellHere(town.home('ann'), [...line, ...secretFiles(command)]);
      assert.equal(status, 5, `${line.join(' ')}: ${code} ${stderr}`);
      assert.notEqual(hint, '', line.join(' '));
      assertOwnWords('shell', stderr);
    }
  }
  assert.deepEqual(await state(ann), untouched);
});

test('the nearest name is told', async () => {
  for (const words of [
    ['history', 'homework'],
    ['export', '#homewrok'],
    ['read', 'homework'],
    ['mute', 'homework'],
  ]) {
    const { status, stderr } = await shellHere(town.home('ann'), words);
    assert.equal(status, 5, stderr);
    assert.match(stderr, /Did you mean '#homework'\?/, words.join(' '));
  }
});

test('a group is made whole or not at all', async () => {
  const before = await state(ann);
  const { status, stderr } = await shellHere(town.home('ann'), ['group', 'create', 'trip', 'bob', 'cta']);
  assert.equal(status, 5);
  assert.match(stderr, /'cta'.*\n.*Did you mean '@cat'/);
  assert.deepEqual(await state(ann), before);
  const made = await shellHere(town.home('ann'), ['group', 'create', 'trip', 'bob', 'cat', '--json']);
  assert.equal(made.status, 0, made.stdout);
  assert.equal(made.stdout.match(/"invited"/g)?.length, 2);
});

test('kick and ban say their scope, and without one nothing happens', async () => {
  for (const words of [
    ['ban', 'bob', 'spam'],
    ['kick', 'bob'],
  ]) {
    const { status, stderr } = await shellHere(town.home('ann'), words);
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr, /group/);
  }
  assert.equal((await shellHere(town.home('bob'), ['users'])).status, 0);
  const { status, stdout } = await shellHere(town.home('ann'), ['ban', 'cat', 'spam', '--everywhere', '--for', '1h']);
  assert.equal(status, 0);
  assert.match(stdout, /^cat is banned from the whole directory until /);
  assert.match(
    (await shellHere(town.home('ann'), ['unban', 'cat'])).stdout,
    /no longer banned from the whole directory/,
  );
});

test('what a role does not permit is status 8, with the next step', async () => {
  const untouched = await state(bob);
  for (const command of shellCommands.filter(({ least }) => least !== 'beginner')) {
    const { status, hint, stderr } = await shellHere(town.home('bob'), [
      ...typed(command, { ...HERE, user: 'cat' }).filter((word) => word !== '--everywhere'),
      ...secretFiles(command),
    ]);
    assert.equal(status, 8, `${command.name}: ${stderr}`);
    assert.notEqual(hint, '');
    assertOwnWords('shell', stderr);
  }
  assert.deepEqual(await state(bob), untouched);
});

test('where nobody is signed in every command says how to, before it asks for anything', async () => {
  for (const command of shellCommands) {
    const { status, stderr } = await shellHere(nowhere, [...typed(command, HERE), ...secretFiles(command)]);
    assert.equal(status, 3, `${command.name}: ${stderr}`);
    assert.match(stderr, /p2pchat (register|login) NAME/, command.name);
  }
});

test('an empty answer says so, and for a program it is empty', async () => {
  const lists = commands.filter(({ shell, empty }) => shell && empty !== undefined);
  assert.ok(lists.length >= 7);
  for (const command of lists) {
    const words = [...command.name.split(' '), ...(command.name === 'search' ? ['zzz'] : [])];
    const people = await shellHere(town.home('bob'), words);
    assert.equal(people.status, 0, `${command.name}: ${people.stderr}`);
    if (people.stdout === '') assert.notEqual(people.stderr, '', command.name);
    assertOwnWords('shell', people.stderr);
    const programs = await shellHere(town.home('bob'), [...words, '--json']);
    assert.equal(programs.stderr, '', command.name);
    for (const line of programs.stdout.split('\n').filter(Boolean)) assert.equal(typeof JSON.parse(line), 'object');
  }
});

test('every command has its help, which names all that it takes and nothing else', async () => {
  for (const command of shellCommands) {
    const text = await helpText(command.name.split(' '));
    assert.match(text, new RegExp(`^p2pchat ${command.name}`), command.name);
    for (const { name } of wanted(command)) assert.ok(text.includes(name), `${command.name} ${name}`);
    assert.ok(text.includes('Example: '), command.name);
  }
});

/** A line of the chat, as the plain mode runs it; what it failed with. */
async function chat(peer: PeerApi, line: string): Promise<Failure | undefined> {
  try {
    const { command, args } = parseSlash(commands, line);
    const { role } = peer.whoami();
    permit(command, role);
    const context: Context = { face: 'slash', commands, now: () => systemClock.now(), ...(role && { role }) };
    const items: Item[] = [];
    for await (const item of command.run(peer, args, context)) items.push(item);
    return undefined;
  } catch (error) {
    return toFailure(error);
  }
}

test('in the chat it is the same, in the words of the chat', async () => {
  const untouched = await state(ann);
  for (const command of commands.filter(({ slash }) => slash !== undefined)) {
    const slots = parametersOf(command, 'slash').filter(
      ({ parameter }) => parameter.type !== 'secret' && (!parameter.optional || isName(parameter)),
    );
    if (!slots.some(({ parameter }) => isName(parameter)) || secretsOf(command).length > 0) continue;
    const inOrder = slots.sort(
      (one, other) => Number(one.parameter.type === 'text') - Number(other.parameter.type === 'text'),
    );
    if (command.name === 'group create') continue;
    const line = inOrder.map(({ name, parameter }) => `--${name} ${value(parameter, NOBODY)}`).join(' ');
    const failure = await chat(ann, `/${command.slash} ${line}`);
    assert.equal(failure?.exit, 5, `/${command.slash} ${line}: ${failure?.code}`);
    assert.notEqual(failure.hint, '');
    assertOwnWords('slash', inWordsOf('slash', `${failure.message} ${failure.hint}`));
  }
  assert.deepEqual(await state(ann), untouched);
  assert.equal((await chat(ann, '/ban bob'))?.code, 'scope-needed');
});

test('in RPC a parameter that is not there is refused, by its name', () => {
  const send = onFace(commands, 'rpc', 'send')!;
  assert.throws(
    () => bindNamed(send, { to: 'bob', txet: 'hi' }),
    (error) => error instanceof Failure && error.exit === 2 && /Did you mean 'text'/.test(error.hint),
  );
});

/** Nothing of these asks anybody else, or they are about this very connection. */
test('with the directory away every command ends with a status of the contract and a next step', async () => {
  await town.stopDirectory();
  for (const command of shellCommands) {
    if (['logout', 'account delete', 'passwd', 'recovery', 'second-factor'].includes(command.name)) continue;
    const quick = 'timeout' in command.parameters ? ['--timeout', '1'] : [];
    const { status, code, hint, stderr } = await shellHere(town.home('ann'), [
      ...typed(command, HERE),
      ...secretFiles(command),
      ...quick,
    ]);
    if (status === 0) continue;
    assert.notEqual(code, 'internal', `${command.name}: ${stderr}`);
    assert.notEqual(hint, '', command.name);
    assertOwnWords('shell', stderr);
  }
});
