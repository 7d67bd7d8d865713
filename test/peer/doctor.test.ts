import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import { localAddresses } from '../../src/net/interfaces.js';
import { clockDiffers } from '../../src/peer/network/clock-difference.js';
import { diagnose } from '../../src/peer/session/doctor.js';
import { ManualClock } from '../support/clock.js';

/** Each check of the doctor, on a machine where all is well and on one where that is not. */

const HOUR = 3_600_000;

interface Ills {
  /** Why the directory is not there. */
  readonly away?: Failure | 'silent';
  /** ms that this machine's clock is ahead. */
  readonly off?: number;
  /** ms until the certificate ends. */
  readonly certified?: number;
  readonly unheard?: true;
  readonly seen?: string;
  readonly refuses?: true;
  readonly multicast?: 'fails' | 'filtered';
  readonly blocked?: true;
}

function checked({ away, off = 0, certified = HOUR, unheard, seen, refuses, multicast, blocked }: Ills) {
  const clock = new ManualClock();
  const place = { at: '192.0.2.7', hearsItself: multicast === undefined };
  const patient = {
    clock,
    self: {
      user: 'ann',
      link: { host: 'chat.example', port: 4000 },
      certificateExpires: () => clock.now() + certified,
    },
    network: {
      directoryState: away === undefined ? 'online' : 'offline',
      ...(away instanceof Failure && { trouble: away }),
      ...(away === undefined && {
        welcome: { now: clock.now() - off, observed: { host: seen ?? localAddresses()[0] ?? '127.0.0.1' } },
      }),
      links: {
        address: { host: '0.0.0.0', port: 4100 },
        endpoints: () => (unheard ? [] : [{ host: '192.0.2.7', port: 4100 }]),
        all: () => [],
      },
      mapped: {
        reason: () => 'asked',
        endpoints: () => [],
        told: async () => ({ gateway: '192.0.2.1', speaks: 'pcp', mapped: [], ...(refuses && { trouble: 'refused' }) }),
      },
      probeLan: async () => ({
        answered: new Set(),
        state: { hearsOthers: true, places: [{ ...place, ...(multicast === 'fails' && { failure: 'ENETUNREACH' }) }] },
      }),
    },
    sockets: {
      open: async () => ({ endpoints: [{ kind: 'dgram' }] }),
      outlook: async () => ({ answered: !blocked, keepsPort: true }),
    },
  };
  return diagnose(patient as unknown as Parameters<typeof diagnose>[0]);
}

const ILLS: readonly (readonly [check: string, ills: Ills, says: RegExp, hint: RegExp])[] = [
  ['directory', { away: 'silent' }, /not reached at chat\.example:4000/, /firewall.*end what runs on this profile/],
  ['directory', { away: new Failure('certificate-revoked') }, /revoked/, /[Ll]og in/],
  ['clock', { off: 30 * 24 * HOUR }, /2592000 s ahead of/, /NTP/],
  ['clock', { away: clockDiffers(-30 * 24 * HOUR, 0) }, /30 days behind/, /NTP/],
  ['certificate', { certified: -1 }, /expired at/, /p2pchat login ann/],
  ['certificate', { away: new Failure('certificate-revoked') }, /does not take it/, /p2pchat login ann/],
  ['direct links', { unheard: true }, /nowhere/, /--listen/],
  ['mapped ports', { refuses: true }, /refuses/, /settings of the router/],
  ['local network', { multicast: 'fails' }, /ENETUNREACH/, /--peer/],
  ['local network', { multicast: 'filtered' }, /filtered on this machine/, /5353/],
  ['files over UDP', { blocked: true }, /does not answer by UDP/, /port 4000/],
];

for (const [name, ills, says, hint] of ILLS) {
  test(`doctor finds what is wrong: ${name}, ${Object.keys(ills)}`, async () => {
    const found = (await checked(ills)).find((check) => check.name === name);
    assert.equal(found?.ok, false);
    assert.match(found.says, says);
    assert.match(found.hint ?? '', hint);
  });
}

test('doctor finds nothing where nothing is wrong, and has an ill for each check that can fail', async () => {
  const checks = await checked({});
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
  // It tells how others see this machine, which is no fault.
  const tried = new Set([...ILLS.map(([name]) => name), 'reached from outside']);
  assert.deepEqual([...tried].sort(), checks.map(({ name }) => name).sort());
});

test('doctor says of an address that is none of this machine that it is a router’s', async () => {
  const says = async (ills: Ills) =>
    (await checked(ills)).find(({ name }) => name === 'reached from outside')?.says ?? '';
  assert.match(await says({}), /an address of this machine/);
  assert.match(await says({ seen: '198.51.100.9' }), /sees 198\.51\.100\.9, a router's address/);
});
