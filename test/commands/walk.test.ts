import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Scope } from '../../src/base/scope.js';
import { bind, bindNamed, secretsOf } from '../../src/commands/bind-arguments.js';
import type { Command, Face } from '../../src/commands/command.js';
import { commands } from '../../src/commands/commands.js';
import { parametersOf } from '../../src/commands/help.js';
import { namesOf, onFace } from '../../src/commands/lookup.js';
import type { Parameter } from '../../src/commands/parameter.js';
import { parseSlash } from '../../src/commands/slash.js';
import type { Methods } from '../../src/control/answers.js';
import { controlPath } from '../../src/control/path.js';
import { serveControl } from '../../src/control/server.js';
import { shellHere } from '../support/shell-here.js';

/** Every command of the table in every face, bound by place and by name: no peer is asked. */

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-walk-'));
const secret = join(folder, 'secret');
const scope = new Scope();
const heard: { name: string; params: unknown }[] = [];

before(async () => {
  writeFileSync(secret, 'right\n');
  const methods: Methods = Object.fromEntries(
    commands.map(({ name }) => [
      name,
      async (params: unknown) => {
        heard.push({ name, params });
        return [];
      },
    ]),
  );
  await serveControl(await controlPath(folder, {}), methods, scope);
});
after(async () => {
  await scope.close();
  rmSync(folder, { recursive: true, force: true });
});

const SAMPLES: Readonly<Record<Exclude<Parameter['type'], 'choice' | 'secret' | 'switch'>, string>> = {
  user: 'bob',
  conversation: '@bob',
  group: '#homework',
  text: 'hello there',
  words: 'off topic',
  word: 'abcd',
  path: 'holiday.jpg',
  paths: 'holiday.jpg',
  rate: '5MB/s',
  delay: '2ms',
  command: 'send',
  count: '3',
  seconds: '1h',
  lifetime: '1d',
  time: '2026-01-31 18:00',
  size: '10MB',
};

const sample = (parameter: Parameter): string => {
  if (parameter.type === 'choice') return parameter.choices[0]!;
  if (parameter.type === 'switch' || parameter.type === 'secret') return 'true';
  return SAMPLES[parameter.type];
};

const slotsOf = (command: Command, face: Face) =>
  parametersOf(command, face).filter(({ parameter }) => parameter.type !== 'secret');

/** Those which stand at a place, and options, as words of a line. */
function words(command: Command, face: Face, byName: boolean): string[] {
  const slots = slotsOf(command, face);
  const options = slots
    .filter(({ parameter }) => parameter.flag || byName)
    // The text goes on to the end of a line of the chat.
    .sort((one, other) => Number(one.parameter.type === 'text') - Number(other.parameter.type === 'text'))
    .flatMap(({ name, parameter }) => (parameter.type === 'switch' ? [`--${name}`] : [`--${name}`, sample(parameter)]));
  const places = slots.filter(({ parameter }) => !parameter.flag && !byName);
  return [...options, ...places.map(({ parameter }) => sample(parameter))];
}

const quoted = (word: string): string => (word.includes(' ') ? `"${word}"` : word);
const line = (command: Command, face: Face, byName: boolean): string => {
  const isText = slotsOf(command, face).some(({ parameter }) => parameter.type === 'text');
  return words(command, face, byName)
    .map((word) => (isText ? word : quoted(word)))
    .join(' ');
};

const secretFiles = (command: Command): string[] =>
  [...new Set(secretsOf(command).map(({ file }) => file))].flatMap((file) => [`--${file}`, secret]);

test('every parameter can be given by place or by name, in the chat', () => {
  for (const command of commands.filter((each) => namesOf(each, 'slash').length > 0)) {
    const [name = ''] = namesOf(command, 'slash');
    const byPlace = parseSlash(commands, `/${name} ${line(command, 'slash', false)}`);
    const byName = parseSlash(commands, `/${name} ${line(command, 'slash', true)}`);
    assert.deepEqual(byName, byPlace, command.name);
    for (const slot of slotsOf(command, 'slash')) assert.ok(slot.name in byPlace.args, `${command.name} ${slot.name}`);
  }
});

test('every parameter can be given by place or by name, in the shell, and after a running program', async () => {
  for (const command of commands.filter(({ shell, fromProfile }) => shell && !fromProfile)) {
    heard.length = 0;
    for (const byName of [false, true]) {
      const typed = [...command.name.split(' '), ...words(command, 'shell', byName), ...secretFiles(command)];
      const { status, stderr } = await shellHere(folder, typed);
      assert.equal(status, 0, `${typed.join(' ')}: ${stderr}`);
    }
    assert.deepEqual(
      heard.map(({ name }) => name),
      [command.name, command.name],
    );
    assert.deepEqual(heard[1]?.params, heard[0]?.params, command.name);
    const given = heard[0]?.params as Record<string, unknown>;
    for (const slot of slotsOf(command, 'shell')) assert.ok(slot.name in given, `${command.name} ${slot.name}`);
    // What goes to the running program is read there again: it has to mean the same.
    const { stream: _, ...sent } = given;
    const again = Object.fromEntries(
      Object.entries(sent).map(([name, value]) => [name, Array.isArray(value) ? value.join('\0') : String(value)]),
    );
    assert.deepEqual(bindNamed(command, again), sent, command.name);
  }
});

test('every parameter can be given by place or by name, in RPC; one that is not there is refused', () => {
  for (const command of commands) {
    if (secretsOf(command).length > 0) continue;
    const slots = slotsOf(command, 'rpc');
    const places = slots.filter(({ parameter }) => !parameter.flag);
    const named = Object.fromEntries(places.map(({ name, parameter }) => [name, sample(parameter)]));
    const byPlace = bind(
      command,
      'rpc',
      places.map(({ parameter }) => sample(parameter)),
      {},
    );
    assert.deepEqual(bindNamed(command, named), byPlace, command.name);
    assert.throws(() => bindNamed(command, { ...named, stray: 'x' }), { code: 'option-unknown' }, command.name);
  }
});

test('a name leads to one command in each face, and every alias is such a name', () => {
  for (const face of ['slash', 'shell', 'rpc'] as const) {
    const firsts = commands.flatMap((command) => namesOf(command, face).slice(0, 1));
    assert.equal(new Set(firsts).size, firsts.length, face);
    for (const command of commands) {
      for (const name of namesOf(command, face)) {
        const found = onFace(commands, face, name)!;
        assert.ok(found === command || namesOf(found, face)[0] === name, `${face} ${name}`);
      }
    }
  }
  for (const [typed, name] of [
    ['/msg bob hi', 'send'],
    ['/dm bob hi', 'send'],
    ['/w bob hi', 'send'],
    ['/send bob hi', 'send'],
    ['/users', 'users'],
    ['/names', 'group members'],
    ['/part', 'group leave'],
    ['/me waves', 'me'],
    ['/invite #friends bob', 'invite'],
    ['/group invite bob #friends', 'group invite'],
  ]) {
    assert.equal(parseSlash(commands, typed!).command.name, name, typed);
  }
  for (const typed of ['/nick bob', '/topic x']) {
    assert.throws(() => parseSlash(commands, typed), { code: 'command-unknown', hint: /^(A name|Groups)/ });
  }
  assert.throws(() => parseSlash(commands, '/whois bob'), { hint: "Did you mean '/verify'?" });
});

test('in the shell every alias does what its command does', async () => {
  for (const command of commands.filter(({ shell, fromProfile }) => shell && !fromProfile)) {
    for (const name of namesOf(command, 'shell').slice(1)) {
      if (onFace(commands, 'shell', name) !== command) continue;
      heard.length = 0;
      const { status, stderr } = await shellHere(folder, [
        ...[...name.split(' '), ...words(command, 'shell', false)],
        ...secretFiles(command),
      ]);
      assert.equal(status, 0, `${name}: ${stderr}`);
      assert.equal(heard[0]?.name, command.name, name);
    }
  }
});

/** A slash command in a shell, or a shell's in the chat, where the face has one of its own. */
const foreign = (face: 'slash' | 'shell', text: string): string | undefined => {
  const pattern = face === 'shell' ? /(?<![\w/.'~])\/([a-z]+)\b(?![/.])/g : /\bp2pchat ([a-z-]+)\b/g;
  return [...text.matchAll(pattern)].find(([, name = '']) => onFace(commands, face, name))?.[0];
};

test('too many and too few arguments give the usage, in the words of the face', async () => {
  for (const command of commands.filter(({ shell }) => shell)) {
    const slots = slotsOf(command, 'shell').filter(({ parameter }) => !parameter.flag);
    const endless = slots.some(({ parameter }) => ['text', 'words', 'paths'].includes(parameter.type));
    const needs = slots.some(({ parameter }) => !parameter.optional);
    const name = command.name.split(' ');
    const many = [...name, ...words(command, 'shell', false), 'stray'];
    for (const typed of [...(endless ? [] : [many]), ...(needs ? [name] : [])]) {
      const { status, code, stderr, hint } = await shellHere(folder, typed);
      assert.deepEqual([status, code], [2, 'usage'], typed.join(' '));
      assert.match(stderr, new RegExp(`Usage: p2pchat ${command.name}`), typed.join(' '));
      assert.equal(foreign('shell', stderr), undefined, stderr);
      assert.notEqual(hint, '');
    }
  }
  for (const command of commands.filter(({ slash }) => slash !== undefined)) {
    const slots = slotsOf(command, 'slash').filter(({ parameter }) => !parameter.flag);
    if (!slots.some(({ parameter }) => !parameter.optional)) continue;
    assert.throws(
      () => parseSlash(commands, `/${command.slash}`),
      (error: Error) => {
        assert.match(error.message, new RegExp(`Usage: /${command.slash}`));
        assert.equal(foreign('slash', error.message), undefined);
        return true;
      },
    );
  }
});
