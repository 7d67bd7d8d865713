import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { configTemplate, configured, readConfig } from '../../src/cli/commands/directory-config.js';
import { directoryUnit } from '../../src/cli/commands/directory-install.js';
import { CONFIGURABLE, START } from '../../src/cli/commands/directory-start-table.js';
import { unitText } from '../../src/cli/commands/service-unit.js';
import { Workshop } from '../support/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-config-'));
const workshop = new Workshop();
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await workshop.close();
});
const file = (text: string): string => {
  const path = join(folder, 'directory.toml');
  writeFileSync(path, text);
  return path;
};
const run = (...words: string[]) => workshop.run(['directory', ...words, '--json'], { home: workshop.folder });

test('every option of start may stand in the file, and the template sets them all as they are without it', async () => {
  const own = ['config', 'restored', 'with-parent'];
  assert.deepEqual(
    Object.keys(CONFIGURABLE),
    Object.keys(START).filter((name) => !own.includes(name)),
  );
  const whole = file(configTemplate().replace(/^#(?=[a-z-]+ = )/gm, ''));
  assert.deepEqual(Object.keys(await readConfig(whole)), Object.keys(CONFIGURABLE));
  const checked = await run('config', 'check', '--config', whole);
  assert.equal(checked.status, 0, checked.stdout);
  const { options } = checked.events[0] as unknown as { options: Record<string, unknown> };
  assert.deepEqual([options.rooms, options['block-after'], options.verbose], ['lobby,random,help', '3', false]);
  assert.deepEqual(await readConfig(file(configTemplate())), {}, 'as it is installed it sets nothing');
});

test('what stands on the command line counts more', async () => {
  const config = file('listen = "127.0.0.1:1"\nblock-after = 5\n');
  const both = await configured({ config, listen: '127.0.0.1:0', rooms: undefined });
  assert.deepEqual([both.listen, both['block-after'], both.rooms], ['127.0.0.1:0', '5', undefined]);
});

test('what is wrong with a file is named, with where it is and what is meant', async () => {
  for (const [text, code, said] of [
    ['lisen = "x"', 'config-unknown', /Did you mean 'listen'/],
    ['listen "x"', 'config-malformed', /line 1/],
    ['listen = true', 'config-invalid', /quotes/],
    ['verbose = "yes"', 'config-invalid', /true or false/],
    ['registration = "maybe"', 'config-invalid', /open, invite, closed/],
    ['[listen]\nhost = "x"', 'config-invalid', /quotes/],
    ['listen = "nowhere"', 'listen-invalid', /HOST:PORT/],
    ['block-after = 0', 'argument-invalid', /1 or more/],
    ['"__proto__" = 1', 'config-unknown', /There are/],
  ] as const) {
    const { status, events, stdout } = await run('config', 'check', '--config', file(text));
    assert.deepEqual([status, events[0]?.code], [2, code], `${text}\n${stdout}`);
    assert.match(`${events[0]?.message} ${events[0]?.hint}`, said, text);
  }
  const missing = await run('config', 'check', '--config', join(folder, 'none.toml'));
  assert.deepEqual([missing.status, missing.events[0]?.code], [2, 'config-unreadable']);
});

test('install writes a service that systemd takes, and leaves what others wrote', async () => {
  const [unit, config] = [join(folder, 'p2pchat-directory.service'), join(folder, 'etc', 'directory.toml')];
  const places = ['--unit', unit, '--config', config];
  const first = await run('install', ...places);
  assert.deepEqual([first.status, first.events[0]?.newConfig], [0, true], first.stdout);
  writeFileSync(config, 'rooms = "mine"\n');
  const again = await run('install', ...places);
  assert.deepEqual([again.status, again.events[0]?.newConfig], [0, false], again.stdout);
  assert.equal(readFileSync(config, 'utf8'), 'rooms = "mine"\n');
  // Where there is no systemd, nobody installs a service for it.
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  if (verified.error === undefined) assert.deepEqual([verified.status, verified.stderr], [0, '']);
  writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
  const others = await run('install', ...places);
  assert.deepEqual([others.status, others.events[0]?.code], [2, 'unit-exists']);
  const denied = await run('install', '--unit', '/dev/null/x', '--config', config);
  assert.equal(denied.events[0]?.code, 'install-denied');
});

test('a path of any form is one word of the service', () => {
  const [line = ''] =
    unitText(directoryUnit(['/opt/a b/node', '/opt/100%/$x"y'], '/etc/c')).match(/^ExecStart=.*$/m) ?? [];
  assert.ok(
    line.startsWith('ExecStart="/opt/a b/node" "/opt/100%%/$$x\\"y" "directory" "start" "--config" "/etc/c"'),
    line,
  );
});

test('the container starts a directory by options that there are', () => {
  const text = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8');
  const [, words = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(text) ?? [];
  const options = (JSON.parse(words) as string[]).filter((each) => each.startsWith('--'));
  assert.ok(options.length > 2);
  for (const option of options) assert.ok(Object.hasOwn(START, option.slice(2)), option);
});
