import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { utf8 } from '../../../src/base/bytes.js';
import { hasCode } from '../../../src/base/errors.js';
import { systemRandom } from '../../../src/base/random.js';
import { startDaemon } from '../../../src/directory/daemon.js';
import { afterwards, temporaryFolder } from '../../support/directory.js';
import { register, signIn } from '../../support/directory-client.js';

async function daemon(t: TestContext) {
  const data = await temporaryFolder(t);
  const running = await startDaemon({ data, listen: '127.0.0.1:0', metrics: '127.0.0.1:0' });
  afterwards(t, async () => {
    await running.close();
    await running.ended;
  });
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(new URL(path, running.metrics), init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return { running, get };
}

/** By name and labels, as they stand in the text form. */
function figures(body: string): ReadonlyMap<string, number> {
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('what the directory does is counted: requests by name and outcome, messages, deliveries, who is there', async (t) => {
  const { running, get } = await daemon(t);
  const [alice, bob] = [await register(running.link, 'alice'), await register(running.link, 'bob')];
  const sender = await signIn(running.link, alice);
  const reader = await signIn(running.link, bob);
  afterwards(t, () => Promise.all([sender.close(), reader.close()]));
  const parcel = { user: 'bob', device: bob.device, sealed: utf8('sealed'), id: systemRandom.bytes(16) };
  await sender.request('mailbox.put', { parcels: [parcel] });
  await reader.notices.next('mailbox');
  await assert.rejects(sender.request('direct.get', { user: 'nobody-here' }));
  const { status, body, headers } = await get('/metrics');
  const found = figures(body);
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const expected = {
    'p2pchat_requests_total{request="mailbox.put",outcome="ok"}': 1,
    'p2pchat_requests_total{request="direct.get",outcome="user-unknown"}': 1,
    'p2pchat_refusals_total{reason="unknown"}': 1,
    'p2pchat_request_seconds_count{request="mailbox.put"}': 1,
    p2pchat_mailbox_messages_total: 1,
    p2pchat_deliveries_total: 1,
    p2pchat_users_online: 2,
    p2pchat_devices_online: 2,
    p2pchat_accounts: 2,
    p2pchat_unsent_bytes: 0,
    'p2pchat_connections_refused_total{reason="paused"}': 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(found.get(name), value, name);
  assert.ok(found.get('p2pchat_store_seconds_count{deed="append"}')! > 0);
  assert.ok(found.get('process_resident_memory_bytes')! > 0);
});

test('figures name nobody: no user, device, group or address is in what is served', async (t) => {
  const { running, get } = await daemon(t);
  const alice = await register(running.link, 'alice-unmistakable');
  const client = await signIn(running.link, alice);
  afterwards(t, () => client.close());
  await assert.rejects(client.request('direct.get', { user: 'nobody-unmistakable' }));
  for (const path of ['/', '/metrics', '/readyz']) {
    const { body } = await get(path);
    assert.doesNotMatch(body, /unmistakable|127\.0\.0\.1/, path);
    assert.ok(!body.includes(alice.device), path);
  }
});

test('health says that it answers, readiness whether connections are taken', async (t) => {
  const { running, get } = await daemon(t);
  assert.deepEqual([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200]);
  await running.command('stop');
  // An answer is good for a second.
  const paused = async (): Promise<{ status: number; body: string }> => {
    for (;;) {
      const answer = await get('/readyz');
      if (answer.status !== 200) return answer;
    }
  };
  const { status, body } = await paused();
  assert.deepEqual([status, body], [503, 'no new connections are taken\n']);
  assert.equal((await get('/healthz')).status, 200);
});

test('the page may load nothing and run nothing, and nothing is taken but GET', async (t) => {
  const { get } = await daemon(t);
  const { status, headers, body } = await get('/');
  assert.equal(status, 200);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/);
  assert.doesNotMatch(policy, /unsafe|script|http/);
  assert.doesNotMatch(body, /<script|src=|href=|@import|url\(|style="| on\w+=/i);
  assert.match(body, /<meta http-equiv="refresh" content="10">/);
  assert.equal((await get('/', { method: 'POST', body: 'x' })).status, 405);
  assert.equal((await get('/metrics', { method: 'DELETE' })).status, 405);
  assert.deepEqual([(await get('/etc/passwd')).status, (await get('/__proto__')).status], [404, 404]);
});

test('a port that is taken is said by the option that named it, and no directory stays behind', async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  afterwards(t, () => new Promise((resolve) => other.close(resolve)));
  const { port } = other.address() as { port: number };
  const data = await temporaryFolder(t);
  const starting = startDaemon({ data, listen: '127.0.0.1:0', metrics: `127.0.0.1:${port}` });
  await assert.rejects(
    starting,
    (error) => hasCode(error, 'port-busy') && /--metrics/.test((error as { hint: string }).hint),
  );
  const again = await startDaemon({ data, listen: '127.0.0.1:0' });
  await again.close();
  assert.equal(again.metrics, undefined);
});
