import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/base/clock.js';
import { Failure, toFailure } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/log.js';
import { systemRandom } from '../../src/base/random.js';
import { signStatement } from '../../src/crypto/acts.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { enrolProof } from '../../src/crypto/login.js';
import { enrolExporter } from '../../src/crypto/tls.js';
import { createSecrets } from '../../src/directory/authority/secrets.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { carryOut } from '../../src/directory/requests/ledger.js';
import { DirectoryServer } from '../../src/directory/server/server.js';
import { openServices } from '../../src/directory/services.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Statement } from '../../src/wire/acts.js';
import { formatLink, parseLink } from '../../src/wire/link.js';
import { UPLOAD_OVERHEAD } from '../../src/wire/uploads.js';
import { afterwards } from './directory.js';
import {
  csrFor,
  loginOn,
  openEnrol,
  passwordOn,
  register,
  registerOn,
  signIn,
  type TestPeer,
} from './directory-client.js';
import { FailingStore } from './failing-store.js';

const random = systemRandom;
const QUICK = { burst: 1e6, perSecond: 1e6 };

/** A directory whose store can be made to fail, with an owner, two members and a channel of each. */
async function stage(t: TestContext) {
  const failing = new FailingStore(openMemoryStore());
  const limits = {
    ...DEFAULT_LIMITS,
    certificatesPerAccount: 1_000,
    ...{ messages: QUICK, claims: QUICK, registrationsPerAddress: QUICK, loginsPerAddress: QUICK, requests: QUICK },
  };
  const core = await openServices({
    carryOut,
    store: failing.store(),
    secrets: await createSecrets(Date.now(), random),
    ...{ clock: systemClock, random, log: silentLogger, limits },
    onBroken: (error) => assert.fail(error),
  });
  const server = await DirectoryServer.listen(core, { host: '127.0.0.1', port: 0 });
  const fingerprint = core.authority.trust.directoryId;
  const link = formatLink({ host: '127.0.0.1', port: server.port, fingerprint });
  afterwards(t, async () => {
    await server.close(new Failure('closed', 'the test is over'));
    await core.close();
  });
  const owner = await register(link, 'owner', { invite: core.ownership.invite! });
  const alice = await register(link, 'alice');
  const chief = await signIn(link, owner);
  const client = await signIn(link, alice);
  afterwards(t, () => Promise.all([chief.close(), client.close()]));
  return { failing, core, link, owner, alice, chief, client };
}
type Stage = Awaited<ReturnType<typeof stage>>;

/** What is done once, and again after it failed; then looked at. */
interface Deed {
  request(): Promise<unknown>;
  check?(): Promise<void> | void;
  done?(): Promise<void>;
}

const signedBy = (link: string, { key }: TestPeer, previous: Uint8Array, deed: object) =>
  signStatement({ directory: parseLink(link).fingerprint, previous, at: Date.now(), ...deed } as Statement, key);

let count = 0;
const fresh = (): string => `u${++count}x`;

async function group({ link, owner, chief }: Stage, kind = 'open') {
  const id = random.bytes(16);
  const deed = { action: 'create', group: id, name: fresh(), kind, history: 'joined' };
  const create = () =>
    chief.request('groups.create', {
      group: id,
      ...signedBy(link, owner, new Uint8Array(32), deed),
      info: new Uint8Array(8),
    });
  return { id, create };
}

const acting =
  (deed: (user: string) => object, check: (stage: Stage, user: string) => Promise<void>) =>
  async (all: Stage): Promise<Deed> => {
    const { core, link, owner, chief } = all;
    const user = fresh();
    await register(link, user);
    return {
      request: () => chief.request('ledger.act', signedBy(link, owner, core.ledger.head, deed(user))),
      check: () => check(all, user),
    };
  };

/** By what writes: each prepares, then gives what is done. */
const DEEDS: Readonly<Record<string, (stage: Stage) => Promise<Deed>>> = {
  'register.finish': async ({ core, link }) => {
    const user = fresh();
    const { token } = await core.invitations.create({ uses: 1, lifetimeMs: 1e9, by: 'test' });
    const identity = SigningKey.generate(random);
    const request = async () => {
      const channel = await openEnrol(link);
      try {
        return await registerOn(channel, link, user, { identity, invite: token });
      } finally {
        await channel.close();
      }
    };
    return { request, check: async () => void (await core.accounts.need(user)) };
  },
  enrol: async ({ link, core, alice }) => {
    const channel = await openEnrol(link);
    const { sessionKey } = await passwordOn(channel, link, 'alice');
    const key = SigningKey.generate(random);
    const csr = csrFor(link, 'alice', alice.identity, key);
    const proof = enrolProof(sessionKey, enrolExporter(channel.socket), csr);
    return {
      request: () => channel.request('enrol', { csr, proof, label: 'again' }),
      done: async () => {
        await channel.close();
        const { devices } = await core.devices.row('alice');
        const others = devices.filter(({ label }) => label === 'again').map(({ device }) => device);
        await core.devices.revoke('alice', others);
      },
    };
  },
  'devices.revoke': async ({ link, core, alice }) => {
    const channel = await openEnrol(link);
    const other = await loginOn(channel, link, 'alice');
    await channel.close();
    const client = await signIn(link, alice);
    await passwordOn(client as never, link, 'alice');
    return {
      request: () => client.request('devices.revoke', { device: other.device }).catch(unless('device-unknown')),
      check: async () => {
        assert.equal(await core.devices.find('alice', other.device), undefined);
        await assert.rejects(signIn(link, other));
      },
      done: () => client.close(),
    };
  },
  'account.delete': async ({ link, core }) => {
    const user = fresh();
    const peer = await register(link, user);
    const client = await signIn(link, peer);
    await passwordOn(client as never, link, user);
    return {
      // Where it was broken off the channel may be gone: whoever is logged in again goes on.
      request: async () => {
        if (client.socket.destroyed || (await core.devices.find(user, peer.device)) === undefined) {
          const channel = await openEnrol(link);
          const again = await loginOn(channel, link, user).finally(() => channel.close());
          const other = await signIn(link, again);
          await passwordOn(other as never, link, user);
          return other.request('account.delete', {}).finally(() => other.close());
        }
        return client.request('account.delete', {});
      },
      check: async () => {
        assert.equal(await core.accounts.find(user), undefined);
        assert.deepEqual((await core.devices.row(user)).devices, []);
      },
      done: () => client.close(),
    };
  },
  'password.finish': async ({ link }) => {
    const user = fresh();
    const client = await signIn(link, await register(link, user));
    const { answer } = await passwordOn(client as never, link, user);
    const channel = await openEnrol(link);
    const { params } = await registerOn(channel, link, fresh());
    await channel.close();
    return {
      request: () => client.request('password.finish', { record: params.record, backup: answer.backup }),
      done: () => client.close(),
    };
  },
  'factor.begin': async ({ link, core }) => {
    const user = fresh();
    const client = await signIn(link, await register(link, user));
    await passwordOn(client as never, link, user);
    return {
      request: () => client.request('factor.begin', {}),
      check: async () => assert.equal((await core.secondFactors.status(user)).state, 'pending'),
      done: () => client.close(),
    };
  },
  'presence.set': async ({ client, core, alice }) => {
    const host = `10.0.0.${(++count % 250) + 1}`;
    let failed = false;
    return {
      request: async () => {
        try {
          return await client.request('presence.set', { state: 'online', endpoints: [{ host, port: 1 }] });
        } catch (error) {
          failed = true;
          const { endpoints } = core.sessions.find('alice', alice.device)!;
          assert.notEqual(endpoints[0]?.host, host, 'told before it was stored');
          throw error;
        }
      },
      check: () => assert.equal(core.sessions.find('alice', alice.device)!.endpoints[0]!.host, host, String(failed)),
    };
  },
  'keypackages.publish': async ({ client }) => {
    const packages = [random.bytes(64), random.bytes(64)];
    return { request: () => client.request('keypackages.publish', { packages }) };
  },
  'keypackages.claim': async ({ core, chief, link }) => {
    // Of one device an account gets so many and no more.
    const user = fresh();
    const { device } = await register(link, user);
    await core.keyPackages.publish(user, device, [random.bytes(64), random.bytes(64), random.bytes(64)]);
    return { request: () => chief.request('keypackages.claim', { devices: [{ user, device }] }) };
  },
  'mailbox.put': async ({ chief, core, alice }) => {
    const parcels = [{ user: 'alice', device: alice.device, id: random.bytes(16), sealed: random.bytes(32) }];
    const stored = async () => (await core.mailboxes.read('alice', alice.device, 0, 100, 1e6)).entries;
    return {
      request: () => chief.request('mailbox.put', { parcels }),
      check: async () => {
        const mine = (await stored()).filter(({ id }) => Buffer.compare(id, parcels[0]!.id) === 0);
        assert.equal(mine.length, 1);
      },
    };
  },
  'mailbox.ack': async ({ client, chief, core, alice }) => {
    const parcel = { user: 'alice', device: alice.device, id: random.bytes(16), sealed: random.bytes(32) };
    await chief.request('mailbox.put', { parcels: [parcel] });
    const { entries } = await core.mailboxes.read('alice', alice.device, 0, 100, 1e6);
    const through = entries.at(-1)!.position;
    return {
      request: () => client.request('mailbox.ack', { through }),
      check: async () => assert.deepEqual((await core.mailboxes.read('alice', alice.device, 0, 100, 1e6)).entries, []),
    };
  },
  'direct.create': async ({ client, link }) => {
    const user = fresh();
    const { device } = await register(link, user);
    const parcels = [{ user, device, id: random.bytes(16), sealed: random.bytes(32) }];
    const params = { user, number: 1, group: random.bytes(16), parcels };
    return {
      request: () => client.request('direct.create', params),
      check: async () => assert.equal((await client.request('direct.get', { user })).number, 1),
    };
  },
  'group.commit': async ({ client, chief }) => {
    const id = random.bytes(16);
    const { number } = await client.request('direct.get', { user: 'owner' });
    await client.request('direct.create', { user: 'owner', number: number + 1, group: id, parcels: [] });
    const commit = random.bytes(40);
    return {
      request: () => client.request('group.commit', { group: id, epoch: 0, commit, parcels: [] }),
      check: async () => {
        const told = await chief.notices.next('group.commit', ({ group: of }) => Buffer.compare(of, id) === 0);
        assert.deepEqual(Buffer.from(told.commit), Buffer.from(commit));
      },
    };
  },
  'groups.create': async (all) => {
    const { create, id } = await group(all);
    return {
      request: create,
      check: async () => assert.equal((await all.core.namedGroups.need(id)).next, 1),
    };
  },
  'groups.create by another': async (all) => {
    const { link, owner, chief, core } = all;
    const name = fresh();
    const make = () => {
      const id = random.bytes(16);
      const deed = { action: 'create', group: id, name, kind: 'invite', history: 'joined' };
      const signed = signedBy(link, owner, new Uint8Array(32), deed);
      return chief.request('groups.create', { group: id, ...signed, info: new Uint8Array(8) });
    };
    return {
      // Another id each time, as another person has, or the same one who begins anew.
      request: make,
      check: async () => {
        const found = await chief.request('groups.find', { name });
        assert.ok((await core.namedGroups.need(found.group!)).next === 1);
        const { groups } = await chief.request('groups.list', {});
        assert.equal(groups.filter((one) => one.name === name).length, 1);
      },
    };
  },
  'groups.act': async (all) => {
    const { create, id } = await group(all);
    await create();
    const { client, link, alice, core } = all;
    return {
      request: async () => {
        const { head } = await core.namedGroups.need(id);
        return client.request('groups.act', {
          group: id,
          ...signedBy(link, alice, head, { action: 'join', group: id }),
        });
      },
      check: async () => assert.ok((await core.namedGroups.need(id)).roster.isMember('alice')),
    };
  },
  'groups.post': async (all) => {
    const { create, id } = await group(all);
    await create();
    const message = { group: id, id: random.bytes(16), epoch: 0, sealed: random.bytes(20) };
    return {
      request: () => all.chief.request('groups.post', message),
      check: async () => assert.equal((await all.core.namedGroups.need(id)).next, 2),
    };
  },
  'groups.commit': async (all) => {
    const { create, id } = await group(all);
    await create();
    const { core, chief } = all;
    return {
      request: async () => {
        const { epoch, head } = await core.namedGroups.need(id);
        if (epoch === 1) return chief.request('groups.info.put', { group: id, epoch, info: new Uint8Array(9) });
        const commit = { group: id, epoch, head, commit: random.bytes(30), info: new Uint8Array(9) };
        return chief.request('groups.commit', commit);
      },
      check: async () => assert.equal((await chief.request('groups.info', { group: id })).epoch, 1),
    };
  },
  'uploads.begin': async (all) => {
    const { create, id } = await group(all);
    await create();
    const upload = { group: id, upload: random.bytes(16) };
    const before = all.core.uploads.usage.bytes;
    const begin = () => all.chief.request('uploads.begin', { ...upload, size: 100 });
    return {
      request: async () => {
        await begin();
        await all.chief.request('uploads.put', { ...upload, block: 0, sealed: new Uint8Array(100 + UPLOAD_OVERHEAD) });
        await all.chief.request('uploads.finish', upload);
        await all.chief.request('uploads.remove', upload);
      },
      check: () => assert.equal(all.core.uploads.usage.bytes, before, 'room that was taken is given back'),
    };
  },
  'deposits.begin': async ({ chief, client, core }) => {
    const id = { deposit: random.bytes(16) };
    const before = core.uploads.usage.bytes;
    return {
      request: async () => {
        await chief.request('deposits.begin', { ...id, to: ['owner', 'alice'], size: 100 });
        await chief.request('deposits.put', { ...id, block: 0, sealed: new Uint8Array(100 + UPLOAD_OVERHEAD) });
        await chief.request('deposits.finish', id);
        for (const each of [chief, client]) await each.request('deposits.taken', id);
      },
      check: () => assert.equal(core.uploads.usage.bytes, before, 'room that was taken is given back'),
    };
  },
  'ledger.act role': acting(
    (user) => ({ action: 'role', user, role: 'advanced' }),
    async ({ core }, user) => assert.equal((await core.accounts.need(user)).role, 'advanced'),
  ),
  'ledger.act ban': acting(
    (user) => ({ action: 'ban', user, reason: 'spam' }),
    async ({ core }, user) => {
      assert.equal((await core.accounts.need(user)).ban?.reason, 'spam');
      assert.deepEqual((await core.devices.row(user)).devices, []);
    },
  ),
};

const unless = (code: string) => (error: unknown) => {
  if (toFailure(error).code !== code) throw error;
};

/** These take several logins each time: they are tried with a disk that stays full, and not with one write that fails. */
const SLOW = [
  'enrol',
  'devices.revoke',
  'account.delete',
  'password.finish',
  'factor.begin',
  'ledger.act role',
  'ledger.act ban',
];

/** More than any request makes. */
const WRITES = 40;

/** One part of the table for each test file: together they take longer than one may. */
export function tryFailedWrites(part: number, parts: number): void {
  for (const [name, prepare] of Object.entries(DEEDS).filter((_, at) => at % parts === part)) tryOne(name, prepare);
}

function tryOne(name: string, prepare: (stage: Stage) => Promise<Deed>): void {
  test(`N20 ${name}: whichever write finds no room, it works when there is some again`, async (t) => {
    const all = await stage(t);
    const { failing } = all;
    for (let write = 0; write < WRITES; write++) {
      let isReached = false;
      for (const lasts of SLOW.includes(name) ? [true] : [true, false]) {
        const deed = await prepare(all);
        failing.failAt(write, lasts);
        const why = await deed.request().then(
          () => undefined,
          (error: unknown) => toFailure(error),
        );
        isReached ||= failing.refused > 0;
        failing.mend();
        if (why !== undefined) {
          assert.ok(failing.refused > 0, `write ${write}: ${why.code} without a write that failed`);
          assert.ok(['directory-full', 'connection-lost'].includes(why.code) || why.code === 'logged-out', why.code);
          await deed.request();
        }
        await deed.check?.();
        await deed.done?.();
      }
      if (!isReached) {
        assert.ok(write > 0, 'it writes something');
        return;
      }
    }
    assert.fail('so many writes');
  });
}
