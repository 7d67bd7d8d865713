import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { utf8 } from '../../src/base/bytes.js';
import { openNatsStore } from '../../src/store/nats/open.js';
import type { Store } from '../../src/store/store.js';
import { NatsServers, withoutNats } from '../support/nats.js';
import { Relay } from '../support/relay.js';
import { all, code, text } from './support.js';

/** What a cluster adds to what can go wrong. */

let stores = 0;

/** Asks until it is so: each time is a round trip. */
async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is()));
}

async function managing<T>(
  address: string,
  work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: [address] });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

describe('a lost answer', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(1);
  });
  after(() => servers.stop());

  /** `act` through a connection that loses its answer or its request; `seen` says from outside that it has been done. */
  async function withLoss(
    lost: 'answers' | 'requests',
    prepare: (store: Store) => Promise<void>,
    act: (store: Store) => Promise<unknown>,
    seen: (store: Store) => Promise<boolean>,
    judge: (store: Store, result: unknown) => Promise<void>,
  ): Promise<void> {
    const proxy = await Relay.to(servers.servers[0]!.port);
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: [proxy.address], name });
    const outside = await openNatsStore({ servers: servers.addresses, name });
    try {
      await prepare(store);
      proxy.lose(lost);
      const acting = act(store);
      if (lost === 'answers') await until(() => seen(outside));
      proxy.cut();
      await judge(outside, await acting);
    } finally {
      await store.close();
      await outside.close();
      await proxy.close();
    }
  }

  const records = (store: Store) => store.records('a');
  const log = (store: Store) => store.logs('a').log('x');
  const nothing = async () => {};
  const isThere = async (store: Store) => (await records(store).get('k')) !== undefined;
  const isNew = async (store: Store) => text((await records(store).get('k'))?.value) === 'new';
  const put = async (store: Store) => void (await records(store).put('k', utf8('old')));

  for (const lost of ['answers', 'requests'] as const) {
    const title = lost === 'answers' ? 'written, and its answer is lost' : 'never reached the servers';

    it(`a record created is created once: ${title}`, () =>
      withLoss(
        lost,
        nothing,
        (store) => records(store).create('k', utf8('new')),
        isThere,
        async (store, revision) => assert.equal((await records(store).get('k'))?.revision, revision),
      ));

    it(`a record replaced is no conflict with itself: ${title}`, () =>
      withLoss(
        lost,
        put,
        (store) => records(store).replace('k', utf8('new'), 1),
        isNew,
        async (store, revision) => {
          const found = await records(store).get('k');
          assert.deepEqual([text(found?.value), found?.revision], ['new', revision]);
        },
      ));

    it(`a record deleted is gone: ${title}`, () =>
      withLoss(
        lost,
        put,
        (store) => records(store).delete('k', 1),
        async (store) => !(await isThere(store)),
        async (store) => assert.equal(await records(store).get('k'), undefined),
      ));

    it(`entries appended stand once, where it is said: ${title}`, () =>
      withLoss(
        lost,
        async (store) => void (await log(store).append(utf8('0'))),
        (store) => log(store).appendMany([utf8('1'), utf8('2')], { expect: 1 }),
        async (store) => (await log(store).ends()).next > 1,
        async (store, position) => {
          assert.equal(position, 1);
          assert.deepEqual(
            (await all(log(store).read())).map(({ value }) => text(value)),
            ['0', '1', '2'],
          );
        },
      ));
  }
});

describe('a store that an older or newer version made', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(1);
  });
  after(() => servers.stop());

  it('is brought to what this version wants, with what is in it', async () => {
    const name = `s${++stores}`;
    const first = await openNatsStore({ servers: servers.addresses, name });
    await first.records('a').put('k', utf8('v'));
    await first.close();
    const bucket = `KV_${name}-records`;
    await managing(servers.addresses[0]!, async ({ streams }) => {
      const { config } = await streams.info(bucket);
      await streams.update(bucket, { ...config, allow_direct: true, description: '' });
    });
    const store = await openNatsStore({ servers: servers.addresses, name });
    assert.equal(text((await store.records('a').get('k'))?.value), 'v');
    await store.close();
    await managing(servers.addresses[0]!, async ({ streams }) => {
      const { config } = await streams.info(bucket);
      assert.ok(!config.allow_direct, 'a follower would answer reads, and may not have what was acknowledged');
    });
  });

  it('is refused where a newer version made it, or wrote to it', async () => {
    const name = `s${++stores}`;
    await managing(servers.addresses[0]!, ({ streams }) =>
      streams.add({
        name: `${name}-logs`,
        subjects: [`${name}.log.>`],
        storage: StorageType.File,
        description: 'p2pchat store, format 2',
      }),
    );
    await assert.rejects(
      openNatsStore({ servers: servers.addresses, name }),
      code('store-newer', { found: 2, known: 1 }),
    );

    const other = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name: other });
    const connection = await connect({ servers: servers.addresses });
    connection.publish(`$KV.${other}-records.a.k`, new Uint8Array([2, 0, 0, 0, 0, 1]));
    connection.publish(`$KV.${other}-records.a.l`, new Uint8Array([1, 0, 0, 0, 0, 1]));
    await connection.flush();
    await until(async () => {
      await store.records('a').get('none');
      return true;
    });
    await assert.rejects(store.records('a').get('k'), code('store-newer'));
    await assert.rejects(store.records('a').get('l'), code('store-damaged'));
    await connection.close();
    await store.close();
  });

  it('servers that take only small messages, or none to keep, are refused with what to set', async () => {
    const small = await NatsServers.start(1, { extra: 'max_payload: 1MB' });
    await assert.rejects(openNatsStore({ servers: small.addresses }), code('store-servers'));
    await small.stop();
    await assert.rejects(openNatsStore({ servers: small.addresses }), code('store-unreachable'));
    await assert.rejects(openNatsStore({ servers: servers.addresses, name: 'r3', replicas: 3 }), code('store-servers'));
  });
});

/** Appends and creates until told to end; what was acknowledged. */
function writing(store: Store) {
  const acknowledged = { entries: new Map<number, string>(), records: new Map<string, number>() };
  let going = true;
  let count = 0;
  const write = async (writer: number): Promise<void> => {
    while (going) {
      const id = `${writer}-${count++}`;
      // What fails may have happened or not: only what is acknowledged is held to.
      await Promise.allSettled([
        store
          .logs('a')
          .log('x')
          .append(utf8(id))
          .then((position) => acknowledged.entries.set(position, id)),
        store
          .records('a')
          .create(id, utf8(id))
          .then((revision) => acknowledged.records.set(id, revision)),
      ]);
    }
  };
  const writers = Promise.all([write(0), write(1), write(2), write(3)]);
  const more = (least: number) => {
    const from = acknowledged.entries.size;
    return until(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return acknowledged.entries.size >= from + least;
    });
  };
  const end = async () => {
    going = false;
    await writers;
    return acknowledged;
  };
  return { more, end };
}

async function assertHolds(store: Store, { entries, records }: Awaited<ReturnType<ReturnType<typeof writing>['end']>>) {
  const found = await all(store.logs('a').log('x').read());
  assert.deepEqual(
    found.map(({ position }) => position),
    [...found.keys()],
    'positions without gaps',
  );
  for (const [position, id] of entries) assert.equal(text(found[position]?.value), id, `position ${position}`);
  const ids = found.map(({ value }) => text(value));
  assert.equal(new Set(ids).size, ids.length, 'nothing twice');
  for (const [id, revision] of records) assert.equal((await store.records('a').get(id))?.revision, revision, id);
}

describe('three NATS servers', { skip: withoutNats }, () => {
  let servers: NatsServers;
  before(async () => {
    servers = await NatsServers.start(3);
  });
  after(() => servers.stop());

  const streamsOf = (name: string) => [`KV_${name}-records`, `${name}-logs`];

  async function leaderOf(stream: string): Promise<number> {
    const address = servers.servers.find(({ running }) => running)!.address;
    const leader = await managing(address, async ({ streams }) => (await streams.info(stream)).cluster?.leader);
    return Number(leader?.slice(1));
  }

  it('of compare-and-sets by two nodes at once one wins each time, and of appends each has a place', async () => {
    const name = `s${++stores}`;
    const nodes = await Promise.all([1, 2].map(() => openNatsStore({ servers: servers.addresses, name })));
    const spend = async (store: Store, key: string): Promise<number> => {
      for (let spent = 0; ; ) {
        const { value, revision } = (await store.records('a').get(key))!;
        const left = Number(text(value));
        if (left === 0) return spent;
        try {
          await store.records('a').replace(key, utf8(String(left - 1)), revision);
          spent++;
        } catch (error) {
          code('store-conflict')(error);
        }
      }
    };
    for (let round = 0; round < 40; round++) {
      await nodes[0]!.records('a').put(`k${round}`, utf8('3'));
      const spent = await Promise.all([0, 1, 0, 1, 0, 1].map((node) => spend(nodes[node]!, `k${round}`)));
      assert.equal(
        spent.reduce((sum, one) => sum + one),
        3,
        'NATS 2.9 takes two that expect the same',
      );
    }
    const append = (_: unknown, index: number) =>
      nodes[index % 2]!.logs('a')
        .log('x')
        .append(utf8(String(index)));
    const positions = await Promise.all(Array.from({ length: 300 }, append));
    const found = await all(nodes[0]!.logs('a').log('x').read());
    assert.deepEqual(
      positions.map((position) => text(found[position]?.value)),
      positions.map((_, index) => String(index)),
    );
    assert.equal(found.length, 300);
    for (const node of nodes) await node.close();
  });

  it('O1 the leader changes under writes: nothing acknowledged is lost, nothing stands twice', async () => {
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name });
    const work = writing(store);
    for (let round = 0; round < 3; round++) {
      await work.more(50);
      const connection = await connect({ servers: servers.addresses });
      for (const stream of streamsOf(name)) await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`);
      await connection.close();
    }
    await work.more(50);
    await assertHolds(store, await work.end());
    await store.close();
  });

  it('O1 the leader is killed under writes', async () => {
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name });
    const work = writing(store);
    await work.more(50);
    const leader = servers.servers[await leaderOf(`${name}-logs`)]!;
    await leader.kill();
    await work.more(200);
    await leader.start();
    await work.more(50);
    await assertHolds(store, await work.end());
    await store.close();
  });

  it('a follower that stands still keeps nobody, and no reader gets what is old', async () => {
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name });
    const slow = servers.servers[((await leaderOf(`${name}-logs`)) + 1) % 3]!;
    const direct = await openNatsStore({
      servers: servers.addresses.filter((address) => address !== slow.address),
      name,
    });
    slow.pause();
    try {
      for (let index = 0; index < 50; index++) {
        await direct.records('a').put('k', utf8(String(index)));
        assert.equal(text((await direct.records('a').get('k'))?.value), String(index));
        assert.equal(
          await direct
            .logs('a')
            .log('x')
            .append(utf8(String(index))),
          index,
        );
        assert.equal((await direct.logs('a').log('x').ends()).next, index + 1);
      }
    } finally {
      slow.resume();
    }
    assert.equal((await all(store.logs('a').log('x').read())).length, 50);
    await direct.close();
    await store.close();
  });

  it('O2 all servers are killed at once: what was acknowledged is there', async () => {
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name });
    const work = writing(store);
    await work.more(100);
    await Promise.all(servers.servers.map((server) => server.kill()));
    await Promise.all(servers.servers.map((server) => server.start()));
    await work.more(10);
    await assertHolds(store, await work.end());
    await store.close();
  });

  it('two of three gone: nothing is acknowledged until one is back', async () => {
    const name = `s${++stores}`;
    const store = await openNatsStore({ servers: servers.addresses, name });
    await store.records('a').put('k', utf8('0'));
    const [, second, third] = servers.servers;
    await second!.kill();
    await third!.kill();
    let acknowledged = false;
    const waiting = store
      .records('a')
      .put('k', utf8('1'))
      .then(
        () => {
          acknowledged = true;
        },
        (error) => code('store-unavailable')(error),
      );
    await assert.rejects(store.logs('a').log('x').append(utf8('1')), code('store-unavailable'));
    assert.equal(acknowledged, false);
    await second!.start();
    await third!.start();
    await waiting;
    await until(async () =>
      store
        .logs('a')
        .log('x')
        .append(utf8('2'))
        .then(
          () => true,
          () => false,
        ),
    );
    await store.close();
  });
});

describe('a full disk on one of three NATS servers', { skip: withoutNats }, () => {
  // Where it is the leader's disk, NATS 2.9 keeps that leader, and nothing is written until its server is stopped.
  it('S3 of a follower: the others go on, and nothing acknowledged is lost', async (t) => {
    const disk = await mkdtemp(join(tmpdir(), 'p2pchat-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${48 << 20}`, 'none', disk]);
    if (mounted.status !== 0) {
      await rm(disk, { recursive: true });
      return t.skip('only root can mount a small file system (Linux)');
    }
    const servers = await NatsServers.start(3, { folderOf: (index) => (index === 1 ? disk : undefined) });
    try {
      const store = await openNatsStore({ servers: servers.addresses, name: 'full' });
      const log = store.logs('a').log('x');
      await managing(servers.addresses[0]!, async ({ streams }) => {
        const leads = async () => (await streams.info('full-logs').catch(() => undefined))?.cluster?.leader;
        const connection = await connect({ servers: servers.addresses });
        await until(async () => {
          const leader = await leads();
          if (leader === 's1') await connection.request('$JS.API.STREAM.LEADER.STEPDOWN.full-logs').catch(() => {});
          return leader !== undefined && leader !== '' && leader !== 's1';
        });
        await connection.close();
      });
      const values = new Map<number, string>();
      const append = async (value: string): Promise<void> => {
        // A refusal while the cluster settles is not an acknowledgement.
        await log.append(utf8(value)).then(
          (position) => values.set(position, value),
          () => {},
        );
      };
      await append('first');
      await writeFile(join(disk, 'ballast'), new Uint8Array(40 << 20));
      const big = 'x'.repeat(256 * 1024);
      while (values.size < 120) await append(`${values.size} ${big}`);
      const found = await all(log.read());
      for (const [position, value] of values) assert.equal(text(found[position]?.value), value);
      await store.close();
    } finally {
      await servers.stop();
      execFileSync('umount', ['-l', disk]);
      await rm(disk, { recursive: true });
    }
  });
});
