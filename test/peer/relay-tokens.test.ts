import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { Authority } from '../../src/crypto/ca.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { issueRelayToken } from '../../src/crypto/relay-token.js';
import { RelayTokens } from '../../src/peer/network/relay-tokens.js';
import type { DirectoryRequest } from '../../src/wire/directory-request.js';
import { ManualClock } from '../support/clock.js';

const ada = { user: 'ada', device: '00000000000000aa' };
const bob = { user: 'bob', device: '00000000000000bb' };
const authority = Authority.create(SigningKey.generate(systemRandom), { now: Date.now(), random: systemRandom });

/** Tokens of a directory with a relay at each of those hosts. */
function relaysAt(hosts: readonly string[], over = {}): RelayTokens {
  const grant = (host: string, key: Uint8Array) => {
    const relay = systemRandom.bytes(32);
    const token = { relay, holder: ada, other: bob, key, expires: Date.now() + 600_000, bytes: 1e9, ...over };
    return { key: relay, host, port: 4_000, ...issueRelayToken(authority, token) };
  };
  const request = (async (_method: string, { key }: { key: Uint8Array }) => ({
    relays: hosts.map((host) => grant(host, key)),
  })) as unknown as DirectoryRequest;
  const known = (): boolean => true;
  return new RelayTokens({ clock: new ManualClock(), random: systemRandom, self: ada, request, known, host: '::1' });
}

const NOWHERE = 'x'.repeat(64);

test('a relay whose name leads nowhere takes nothing from the other one, and is told where it is alone', async () => {
  const offers = await relaysAt([NOWHERE, '192.0.2.7']).offers(bob);
  assert.deepEqual(
    offers.map(({ address }) => address.host),
    ['192.0.2.7'],
  );
  await assert.rejects(relaysAt([NOWHERE]).offers(bob), { syscall: 'getaddrinfo' });
});

test('tokens for others than the two are used at none', async () => {
  await assert.rejects(relaysAt(['192.0.2.7'], { other: ada }).offers(bob), { code: 'relay-token-other' });
});

test('a relay that is registered a moment later is found by the next transfer', async () => {
  const hosts: string[] = [];
  const relays = relaysAt(hosts);
  assert.equal((await relays.offers(bob)).length, 0);
  hosts.push('192.0.2.7');
  assert.equal((await relays.offers(bob)).length, 1);
});
