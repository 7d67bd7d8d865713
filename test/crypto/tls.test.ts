import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { hasCode } from '../../src/base/errors.js';
import {
  assertPeer,
  checkDeviceCertificate,
  checkServerCertificate,
  readAuthority,
} from '../../src/crypto/certificate.js';
import { SigningKey } from '../../src/crypto/keys.js';
import {
  assertChannel,
  directoryClientTls,
  directoryServerTls,
  enrolClientTls,
  enrolExporter,
  peerCertificateDer,
  peerClientTls,
  peerServerTls,
  serverChainDer,
} from '../../src/crypto/tls.js';
import { ALPN_DIRECTORY, ALPN_ENROL } from '../../src/wire/directory.js';
import { ALPN_PEER } from '../../src/wire/peer-link.js';
import { NOW, testAuthority, testDevice } from '../support/pki.js';

const directory = testAuthority();
const { authority, trust, random } = directory;
const alice = testDevice(directory, 'alice');
const bob = testDevice(directory, 'bob');
const check = { trust, now: NOW, crl: directory.crl(), expiry: 'judge' } as const;
const serverKey = SigningKey.generate(random);
const serverCertificate = authority.issueServer({ publicKey: serverKey.publicKey, now: NOW, random });
const directoryTls = directoryServerTls({ key: serverKey, chain: [serverCertificate, authority.certificate] });

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

interface Pair {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
}

/** A handshake over loopback; rejects where either end fails. */
async function handshake(serverOptions: TlsOptions, clientOptions: ConnectionOptions): Promise<Pair> {
  const listener = createServer(serverOptions).listen(0, '127.0.0.1');
  closing.push(() => listener.close());
  await once(listener, 'listening');
  const accepted = new Promise<TLSSocket>((resolve, reject) => {
    listener.once('secureConnection', resolve);
    listener.once('tlsClientError', reject);
  });
  const client = connect({ ...clientOptions, host: '127.0.0.1', port: (listener.address() as AddressInfo).port });
  closing.push(() => client.destroy());
  const [server] = await Promise.all([accepted, once(client, 'secureConnect')]);
  return { client, server };
}

const fails = (code: string) => (error: unknown) => hasCode(error, code);

test('a newcomer reaches the directory by its fingerprint alone', async () => {
  const { client, server } = await handshake(directoryTls, enrolClientTls());
  assertChannel(client, ALPN_ENROL);
  assertChannel(server, ALPN_ENROL, ALPN_DIRECTORY);
  const chain = serverChainDer(client);
  const found = readAuthority(chain.authority, trust.directoryId);
  checkServerCertificate(chain.server, { trust: found, now: NOW });
  assert.deepEqual(enrolExporter(client), enrolExporter(server));
});

test('a device and the directory know each other', async () => {
  const { client, server } = await handshake(directoryTls, directoryClientTls(alice.tls));
  assertChannel(server, ALPN_DIRECTORY);
  assert.equal(checkDeviceCertificate(peerCertificateDer(server), check).folded, 'alice');
  checkServerCertificate(peerCertificateDer(client), check);
});

test('two peers know each other', async () => {
  const { client, server } = await handshake(peerServerTls(bob.tls), peerClientTls(alice.tls));
  assertChannel(client, ALPN_PEER);
  assertPeer(checkDeviceCertificate(peerCertificateDer(server), check), { folded: 'alice' });
  assertPeer(checkDeviceCertificate(peerCertificateDer(client), check), { folded: 'bob' });
});

test('each channel has its own exported keying material', async () => {
  const first = await handshake(directoryTls, enrolClientTls());
  const second = await handshake(directoryTls, enrolClientTls());
  assert.notDeepEqual(enrolExporter(first.client), enrolExporter(second.client));
});

test('P1 TLS 1.2 is refused by both ends', async () => {
  const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' } as const;
  await assert.rejects(handshake(peerServerTls(bob.tls), { ...peerClientTls(alice.tls), ...old }));
  await assert.rejects(handshake({ ...peerServerTls(bob.tls), ...old }, peerClientTls(alice.tls)));
});

test('P1 a client without a certificate is refused', async () => {
  const { server } = await handshake(peerServerTls(bob.tls), { ...enrolClientTls(), ALPNProtocols: [ALPN_PEER] });
  assert.throws(() => peerCertificateDer(server), fails('certificate-missing'));
});

test('P1 another protocol, or none, is refused', async () => {
  await assert.rejects(handshake(peerServerTls(bob.tls), { ...peerClientTls(alice.tls), ALPNProtocols: ['http/1.1'] }));
  const { client, server } = await handshake(peerServerTls(bob.tls), {
    ...peerClientTls(alice.tls),
    ALPNProtocols: [],
  });
  for (const socket of [client, server])
    assert.throws(() => assertChannel(socket, ALPN_PEER), fails('channel-insecure'));
});
