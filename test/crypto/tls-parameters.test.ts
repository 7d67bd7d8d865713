import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSecureContext, createServer as createTlsServer, connect as dialTls, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.js';
import { Scope } from '../../src/base/scope.js';
import { directoryClientTls, enrolClientTls, peerClientTls, peerServerTls } from '../../src/crypto/tls.js';
import { BROWSER_TLS_PARAMETERS } from '../../src/crypto/tls-parameters.js';
import { LinkManager } from '../../src/peer/network/link-manager.js';
import { tlsTransport } from '../../src/peer/network/transport.js';
import { ALPN_DIRECTORY, ALPN_ENROL } from '../../src/wire/directory.js';
import { parseLink } from '../../src/wire/link.js';
import { ALPN_PEER, ALPN_STREAM } from '../../src/wire/peer-link.js';
import { answerTo, clientHello, type HelloInit, readHello, X25519 } from '../support/client-hello.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { testAuthority, testDevice } from '../support/pki.js';

const directory = testAuthority();
const alice = testDevice(directory, 'alice');

/** Had by OpenSSL from 3.5 on. */
const X25519_MLKEM768 = 0x11ec;
const hasHybrid = (() => {
  try {
    return createSecureContext({ ecdhCurve: 'X25519MLKEM768' }) !== undefined;
  } catch {
    return false;
  }
})();
const GROUPS = hasHybrid ? [X25519_MLKEM768, X25519] : [X25519];
const SUITES = [0x1302, 0x1303, 0x1301];
const ED25519 = 0x0807;
const TLS13 = 0x0304;

const between = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** All that IANA has given a number, and some that it hasn't. */
const EVERY = {
  groups: [...between(1, 64), ...between(0x0100, 0x0110), ...between(0x0200, 0x0202), ...between(0x11e8, 0x11f0)],
  suites: [...between(0x1301, 0x1310), ...between(0xc02b, 0xc030), 0xc0ac, 0xcca8, 0xcca9, 0x009e, 0x002f, 0x0005],
  signatures: [
    ...[1, 2, 3, 4, 5, 6].flatMap((hash) => [1, 2, 3].map((kind) => hash * 256 + kind)),
    ...between(0x0804, 0x081c),
    ...between(0x0904, 0x0906),
  ],
  versions: [0x0002, ...between(0x0300, 0x0306), 0x7f1c, 0xfefd],
} as const;

/** No suite, but a word of TLS 1.2 that OpenSSL says always (RFC 5746 §3.3). */
const RENEGOTIATION = 0x00ff;

/** The two kinds of ports this program listens on, as the program opens them. */
async function ports(t: TestContext): Promise<{ port: number; alpn: string; what: string }[]> {
  const { link } = await testDirectory(t);
  const scope = new Scope();
  afterwards(t, () => scope.close());
  const links = new LinkManager({
    transport: tlsTransport,
    ...{ clock: systemClock, scope, instance: new Uint8Array(16), device: alice.deviceId },
    identity: () => alice.tls,
    candidates: () => [],
    handlers: {} as never,
    admit: () => Promise.reject(new Error('nobody')),
    onLink() {},
    onLost() {},
    onChange() {},
    onSilent() {},
    onStream: () => false,
    call: async () => undefined,
  });
  await links.listen({ host: '127.0.0.1', port: 0 });
  const { port } = parseLink(link);
  return [
    { port, alpn: ALPN_ENROL, what: 'directory, enrol' },
    { port, alpn: ALPN_DIRECTORY, what: 'directory' },
    { port: links.address.port, alpn: ALPN_PEER, what: 'links' },
    { port: links.address.port, alpn: ALPN_STREAM, what: 'streams' },
  ];
}

const OURS = { versions: [TLS13], suites: SUITES, groups: [X25519], signatures: [ED25519], shares: [X25519] };

test('P1 N2 of all versions, groups, suites and signatures a port of ours takes those that are ours and no other', async (t) => {
  for (const { port, alpn, what } of await ports(t)) {
    const answer = (changed: Partial<HelloInit>) => answerTo(port, clientHello({ ...OURS, alpn, ...changed }));
    assert.equal(await answer({}), 'goes on', what);
    const taken = async (field: keyof typeof EVERY, more: Partial<HelloInit> = {}): Promise<number[]> => {
      const found: number[] = [];
      for (const value of EVERY[field]) {
        if ((await answer({ [field]: [value], ...more })) !== 'refused') found.push(value);
      }
      return found;
    };
    // Without a share of a key a server that knows the group asks for one, so that none has to be made here.
    const groups = await taken('groups', { shares: [] });
    assert.deepEqual(
      groups,
      [...GROUPS].sort((a, b) => a - b),
      what,
    );
    assert.deepEqual(
      await taken('suites'),
      [...SUITES].sort((a, b) => a - b),
      what,
    );
    assert.deepEqual(await taken('signatures'), [ED25519], what);
    assert.deepEqual(await taken('versions'), [TLS13], what);
    assert.equal(await answer({ alpn: 'h2' }), 'refused', what);
  }
});

const CLIENTS = {
  enrol: enrolClientTls(),
  directory: directoryClientTls(alice.tls),
  link: peerClientTls(alice.tls),
  stream: peerClientTls(alice.tls, ALPN_STREAM),
};

test('P1 N2 our clients offer nothing but what is ours', async (t) => {
  for (const [what, options] of Object.entries(CLIENTS)) {
    const server = createServer().listen(0, '127.0.0.1');
    afterwards(t, () => server.close());
    await once(server, 'listening');
    const client = dialTls({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    client.on('error', () => {});
    const [socket] = await once(server, 'connection');
    const [record] = await once(socket, 'data');
    client.destroy();
    socket.destroy();
    const { versions, suites, groups, signatures, shares } = readHello(record);
    assert.deepEqual(
      { versions, suites: suites.filter((suite) => suite !== RENEGOTIATION), groups, signatures, shares },
      { versions: [TLS13], suites: SUITES, groups: GROUPS, signatures: [ED25519], shares: GROUPS },
      what,
    );
  }
});

const OTHERS: Readonly<Record<string, TlsOptions>> = {
  'group P-256': { ecdhCurve: 'P-256' },
  'group P-521': { ecdhCurve: 'P-521' },
  'group X448': { ecdhCurve: 'X448' },
  'group ffdhe2048': { ecdhCurve: 'ffdhe2048' },
  'group ffdhe8192': { ecdhCurve: 'ffdhe8192' },
  'suite CCM': { ciphers: 'TLS_AES_128_CCM_SHA256' },
  'signature ECDSA': { sigalgs: 'ecdsa_secp256r1_sha256' },
  'signature RSA-PSS': { sigalgs: 'rsa_pss_rsae_sha256' },
  'TLS 1.2': { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'ALL' },
};

test('P1 N2 our clients refuse servers of other parameters', async (t) => {
  const reached = async (other: TlsOptions): Promise<boolean> => {
    const server = createTlsServer({ ...peerServerTls(alice.tls), ...other }).listen(0, '127.0.0.1');
    afterwards(t, () => server.close());
    server.on('tlsClientError', () => {});
    await once(server, 'listening');
    const client = dialTls({ ...CLIENTS.link, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    return new Promise((resolve) => {
      client.once('secureConnect', () => resolve(true));
      client.once('error', () => resolve(false));
      client.once('close', () => resolve(false));
    }).finally(() => client.destroy()) as Promise<boolean>;
  };
  assert.equal(await reached({}), true);
  for (const [what, other] of Object.entries(OTHERS)) assert.equal(await reached(other), false, what);
});

test('P1 N2 to a browser nothing is spoken that is slow to agree on, or can be tampered with', () => {
  const { ciphers, ecdhCurve, minVersion } = BROWSER_TLS_PARAMETERS;
  assert.equal(minVersion, 'TLSv1.2');
  for (const suite of ciphers.split(':')) assert.match(suite, /^(TLS_|ECDHE-).*(GCM|POLY1305)/, suite);
  for (const group of ecdhCurve.split(':')) assert.match(group, /^\*?(X25519|P-256)/, group);
  createSecureContext(BROWSER_TLS_PARAMETERS);
});

const PARAMETER = /\b(ecdhCurve|sigalgs|ciphers|minVersion|maxVersion|secureOptions)\b/;
/** The port for guests, whose browsers know other certificates than ours. */
const FOR_BROWSERS = 'directory/guests/server.ts';

/** Where a TLS socket may be made, besides the port for guests. */
const MAKERS: Readonly<Record<string, readonly string[]>> = {
  'crypto/tls-parameters.ts': ['createSecureContext'],
  'net/secure-port.ts': ['createServer'],
  // A server of its own for each stream of datagrams.
  'peer/network/transport.ts': ['connect', 'createServer'],
};

test('P1 N2 every TLS socket of the program is made in few places, and its parameters in one', () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url));
  const found: Record<string, string[]> = {};
  for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(`${src}/${name}`, 'utf8');
    if (name.replaceAll('\\', '/') === FOR_BROWSERS) {
      assert.match(text, /createTlsServer\(\{[^}]*\.\.\.BROWSER_TLS_PARAMETERS \}/, name);
      assert.doesNotMatch(text, PARAMETER, name);
      continue;
    }
    assert.doesNotMatch(text, /from 'node:(https|http2)'|import \w+ from 'node:tls'|\* as \w+ from 'node:tls'/, name);
    const [, list] = /import \{([^}]*)\} from 'node:tls'/.exec(text) ?? [];
    const values = (list ?? '').split(',').flatMap((each) => /^\s*(\w+)(?: as \w+)?\s*$/.exec(each)?.[1] ?? []);
    if (values.length > 0) found[name.replaceAll('\\', '/')] = values;
    if (name.endsWith('tls-parameters.ts')) continue;
    assert.doesNotMatch(text, PARAMETER, name);
  }
  assert.deepEqual(found, MAKERS);
});
