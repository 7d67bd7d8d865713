import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/clock.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/log.js';
import { systemRandom } from '../../src/base/random.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { openServedDatabase, type ServedDatabaseInit } from '../../src/directory/open-database.js';
import { openNatsStore } from '../../src/store/nats/open.js';
import { NatsServers, withoutNats } from '../support/nats.js';

const coded = (code: Code) => (error: unknown) => hasCode(error, code);

describe('who serves a store that several processes share', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(1);
  });
  after(() => servers.stop());

  const init = (name: string, more: Partial<ServedDatabaseInit> = {}): ServedDatabaseInit => ({
    keptIn: { servers: servers.addresses, name, passphrase: 'a passphrase that is long enough' },
    signal: new AbortController().signal,
    listen: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    limits: DEFAULT_LIMITS,
    onBroken: () => {},
    ...more,
  });

  it('writes nothing any more when it stood still for so long that another may serve', async () => {
    let stood = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + stood };
    const served = await openServedDatabase(init('still', { clock }));
    const { store } = served.core;
    const write = () => [
      store.records('a').put('k', utf8('v')),
      store.records('a').delete('k'),
      store.logs('a').log('x').append(utf8('v')),
      store.logs('a').log('x').delete(),
    ];
    await Promise.all(write());
    await store.records('a').put('k', utf8('v'));
    stood = 6_000;
    await Promise.all(write().map((refused) => assert.rejects(refused, coded('lease-lost'))));
    assert.ok(await store.records('a').get('k'), 'what is there can be read');
    await served.close(new Failure('directory-stopping'));
  });

  it('lets another serve at once where it could not begin', async () => {
    const served = await openServedDatabase(init('other'));
    const listen = { host: '127.0.0.1', port: served.server.port };
    await assert.rejects(openServedDatabase(init('busy', { listen })), coded('port-busy'));
    const store = await openNatsStore({ servers: servers.addresses, name: 'busy' });
    assert.equal(await store.records('lease').get('serving'), undefined);
    await store.close();
    await served.close(new Failure('directory-stopping'));
  });
});
