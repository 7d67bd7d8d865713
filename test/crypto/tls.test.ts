import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { type Code, hasCode } from '../../src/base/errors.js';
import { Authority } from '../../src/crypto/ca.js';
import {
  assertPeer,
  checkDeviceCertificate,
  checkServerCertificate,
  readAuthority,
} from '../../src/crypto/certificate.js';
import { decodeDer, items } from '../../src/crypto/der.js';
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
  readonly sessions: readonly Buffer[];
}

type Dial = (clientOptions: ConnectionOptions) => Promise<Pair>;

/** Dials a listener on loopback; a call rejects where either end fails. */
async function listen(serverOptions: TlsOptions): Promise<Dial> {
  const listener = createServer(serverOptions).listen(0, '127.0.0.1');
  closing.push(() => listener.close());
  await once(listener, 'listening');
  return async (clientOptions) => {
    const accepted = new Promise<TLSSocket>((resolve, reject) => {
      listener.once('secureConnection', resolve);
      listener.once('tlsClientError', reject);
    });
    const client = connect({ ...clientOptions, host: '127.0.0.1', port: (listener.address() as AddressInfo).port });
    closing.push(() => client.destroy());
    const sessions: Buffer[] = [];
    client.on('session', (session: Buffer) => sessions.push(session));
    const [server] = await Promise.all([accepted, once(client, 'secureConnect')]);
    return { client, server, sessions };
  };
}

const handshake = async (serverOptions: TlsOptions, clientOptions: ConnectionOptions): Promise<Pair> =>
  (await listen(serverOptions))(clientOptions);

/** What the server has handed out for resumption by the end of the channel, as the client keeps it. */
async function sessionOf({ client, server, sessions }: Pair): Promise<Buffer | undefined> {
  client.resume().end();
  server.resume();
  await once(client, 'end');
  return sessions.at(-1);
}

const fails = (code: Code) => (error: unknown) => hasCode(error, code);

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

test('P1 a channel of TLS 1.2 is refused, should both ends have agreed on one', async () => {
  const old = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT', sigalgs: 'ed25519' } as const;
  const { client, server } = await handshake(
    { ...peerServerTls(bob.tls), ...old },
    { ...peerClientTls(alice.tls), ...old },
  );
  for (const socket of [client, server]) {
    assert.throws(() => assertChannel(socket, ALPN_PEER), fails('channel-insecure'));
  }
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

/** Node 22 and later write a mark and the host's name (two bytes of length) before what OpenSSL gives. */
function asn1Of(session: Buffer): Buffer {
  const mark = Buffer.from('\0nodejs:tls:session:1\0');
  if (!session.subarray(0, mark.length).equals(mark)) return session;
  return session.subarray(mark.length + 2 + session.readUInt16BE(mark.length));
}

test('P1 no session is resumed, and no early data is offered', async () => {
  const dial = await listen(peerServerTls(bob.tls));
  const options = peerClientTls(alice.tls);
  const session = await sessionOf(await dial(options));
  const { client, server } = await dial({ ...options, ...(session && { session }) });
  assert.equal(client.isSessionReused(), false);
  assert.equal(server.isSessionReused(), false);
  // OpenSSL's SSL_SESSION in ASN.1: [15] is max_early_data, left out where it is 0.
  const fields = session === undefined ? [] : items(decodeDer(new Uint8Array(asn1Of(session)), 1 << 16));
  assert.ok(!fields.some((field) => field.type === 15));
});

test('P1 a resumed session is refused where the other side allows one', async () => {
  const dial = await listen({ ...peerServerTls(bob.tls), secureOptions: 0 });
  const options = { ...peerClientTls(alice.tls), secureOptions: 0 };
  const session = await sessionOf(await dial(options));
  assert.ok(session);
  const { client } = await dial({ ...options, session });
  assert.equal(client.isSessionReused(), true);
  assert.throws(() => assertChannel(client, ALPN_PEER), fails('channel-insecure'));
});

test('P2 a valid certificate of somebody else is refused: name, identity and device are bound', async () => {
  const { client } = await handshake(peerServerTls(bob.tls), peerClientTls(alice.tls));
  const found = checkDeviceCertificate(peerCertificateDer(client), check);
  assertPeer(found, { folded: 'bob', identityKey: bob.identity.publicKey, deviceId: bob.deviceId });
  for (const expected of [
    { folded: 'carol' },
    { folded: 'bob', identityKey: alice.identity.publicKey },
    { folded: 'bob', deviceId: alice.deviceId },
  ]) {
    assert.throws(() => assertPeer(found, expected), fails('peer-mismatch'));
  }
});

test("P3 with Alice's stolen key nobody is Bob to her", async () => {
  const dialAlice = await listen(peerServerTls(alice.tls));
  // Bob's certificate with Alice's key: TLS wants the key of the certificate that is shown.
  await assert.rejects(async () => dialAlice(peerClientTls({ key: alice.key, chain: [bob.certificate] })));
  // Her own certificate: it names her.
  const { server } = await dialAlice(peerClientTls(alice.tls));
  const shown = checkDeviceCertificate(peerCertificateDer(server), check);
  assert.throws(() => assertPeer(shown, { folded: 'bob' }), fails('peer-mismatch'));
  // A certificate for "bob" which her key has issued.
  const impostor = new Authority(alice.key, authority.certificate);
  const forged = testDevice({ ...directory, authority: impostor, trust: impostor.trust }, 'bob');
  const attempt = await dialAlice(peerClientTls(forged.tls));
  assert.throws(
    () => checkDeviceCertificate(peerCertificateDer(attempt.server), check),
    fails('certificate-untrusted'),
  );
});

test("C9 a user's certificate at the directory's address is refused", async () => {
  const { client } = await handshake(
    directoryServerTls({ key: alice.key, chain: [alice.certificate, authority.certificate] }),
    enrolClientTls(),
  );
  const chain = serverChainDer(client);
  assert.throws(() => checkServerCertificate(chain.server, check), fails('certificate-profile'));
});

test('another CA at the address is refused by the fingerprint', async () => {
  const other = testAuthority('impostor');
  const key = SigningKey.generate(random);
  const certificate = other.authority.issueServer({ publicKey: key.publicKey, now: NOW, random });
  const { client } = await handshake(
    directoryServerTls({ key, chain: [certificate, other.authority.certificate] }),
    enrolClientTls(),
  );
  const chain = serverChainDer(client);
  assert.throws(() => readAuthority(chain.authority, trust.directoryId), fails('certificate-untrusted'));
  assert.throws(() => checkServerCertificate(chain.server, check), fails('certificate-untrusted'));
});

test("a directory that doesn't show its CA is refused", async () => {
  const { client } = await handshake(
    directoryServerTls({ key: serverKey, chain: [serverCertificate] }),
    enrolClientTls(),
  );
  assert.throws(() => serverChainDer(client), fails('certificate-missing'));
});
