import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Scope } from '../../src/base/scope.js';
import { readDeviceCertificate } from '../../src/crypto/certificate.js';
import type { ContactDevice } from '../../src/peer/identity/contacts.js';
import { gather, toldByDirectory } from '../../src/peer/network/candidates.js';
import { LinkManager } from '../../src/peer/network/link-manager.js';
import { tlsTransport } from '../../src/peer/network/transport.js';
import { ManualClock } from '../support/clock.js';
import { afterwards } from '../support/directory.js';
import { testAuthority, testDevice } from '../support/pki.js';

const authority = testAuthority();
const alice = testDevice(authority, 'alice');
const mallory = testDevice(authority, 'mallory');
const DIAL_TIMEOUT_MS = 2_000;

function linksOf(t: TestContext, clock: ManualClock, seen: string): LinkManager {
  const scope = new Scope();
  afterwards(t, () => scope.close());
  return new LinkManager({
    ...{ clock, scope, transport: tlsTransport, instance: new Uint8Array(16), device: alice.deviceId },
    ...{ identity: () => alice.tls, handlers: {} as never },
    candidates: (target) => gather([toldByDirectory(() => seen)], target),
    admit: () => Promise.reject(new Error('nobody')),
    ...{ onLink() {}, onLost() {}, onChange() {}, onSilent() {}, onStream: () => false, call: async () => undefined },
  });
}

const target = (port: number): ContactDevice => ({
  ...{ user: 'mallory', device: mallory.deviceId, state: 'online', endpoints: [{ host: '127.0.0.1', port }] },
  certificate: readDeviceCertificate(mallory.tls.chain[0]!),
  identityKey: mallory.identity.publicKey,
});

/** What stands at the address that an account names. */
const THERE: Readonly<Record<string, ((socket: Socket) => void) | undefined>> = {
  nothing: undefined,
  'something silent': () => {},
  'something that hangs up': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
};

test('N9 how long a try takes does not tell what stands at the address, nor whether it was dialled', async (t) => {
  for (const [what, answer] of Object.entries(THERE)) {
    for (const seen of ['127.0.0.1', '198.51.100.1']) {
      const sockets: Socket[] = [];
      const server = createServer((socket) => {
        sockets.push(socket.on('error', () => {}));
        answer?.(socket);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      if (answer === undefined) server.close();
      afterwards(t, () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      const clock = new ManualClock();
      const links = linksOf(t, clock, seen);
      let over = false;
      const reaching = links.reach(target(port)).then((link) => {
        over = true;
        return link;
      });
      const isDialled = seen === '127.0.0.1';
      // Until what can come of it has come.
      while (
        isDialled &&
        (answer === undefined ? links.tries(mallory.deviceId)[0]?.result !== 'refused' : sockets.length === 0)
      )
        await turn();
      if (answer !== undefined && isDialled) await once(sockets[0]!, 'data');
      for (let turns = 0; turns < 50; turns++) await turn();
      clock.advance(DIAL_TIMEOUT_MS - 1);
      for (let turns = 0; turns < 50; turns++) await turn();
      assert.equal(over, false, `${what}, seen from ${seen}`);
      clock.advance(1);
      assert.equal(await reaching, undefined, what);
      assert.equal(sockets.length > 0, isDialled && answer !== undefined, `${what}, seen from ${seen}`);
    }
  }
});
