import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Person, Stage } from '../test/support/stage.js';
import { medianOf, type Report } from './support/report.js';

const BYTES = 256 << 20;
const RUNS = 3;

/** Laying down 256 MiB for somebody who is away, against `curl -T` to an nginx of this machine, which flushes nothing to the disk. */
export default async function leave(report: Report): Promise<void> {
  if (spawnSync('nginx', ['-v']).status !== 0) throw new Error('nginx is needed (apt-get install nginx-light)');
  const stage = await new Stage().open();
  const { folder } = stage.workshop;
  const file = join(folder, 'big.bin');
  for (let at = 0; at < BYTES; at += 16 << 20) appendFileSync(file, randomBytes(16 << 20));
  const nginx = await startNginx(join(folder, 'nginx'));
  try {
    const [ann] = [await stage.registered('ann'), await stage.registered('bob')];
    const put = (url: string) => medianOf(RUNS, async () => curl(file, url));
    const plain = await put(nginx.plain);
    const laid = await medianOf(RUNS, () => layDown(ann, file));
    const tls = await put(nginx.tls);
    const rate = (seconds: number): number => BYTES / seconds / 1e6;
    report.add({ name: 'laid down, 256 MiB', value: rate(laid), unit: 'MB/s' });
    report.add({ name: 'curl -T to nginx, TLS', value: rate(tls), unit: 'MB/s' });
    report.add({ name: 'curl -T to nginx, plain', value: rate(plain), unit: 'MB/s' });
    report.add({ name: 'laid down, of curl by TLS', value: tls / laid, unit: '×', note: 'to reach: 0.6' });
    report.add({ name: 'laid down, of curl in plain', value: plain / laid, unit: '×' });
  } finally {
    nginx.stop();
    await stage.close();
  }
}

/** Seconds from the first word that it is laid down to the last; then it is taken back. */
async function layDown(ann: Person, file: string): Promise<number> {
  const running = ann.start(['file', 'bob', file, '--leave']);
  let [began, ended, id] = [0, 0, ''];
  running.child.stdout.on('data', () => {
    const last = running.events.at(-1) as { id?: string; laid?: { state: string } } | undefined;
    if (began === 0 && last?.laid !== undefined) began = performance.now();
    if (last?.laid?.state === 'laid') ended = performance.now();
    id = last?.id ?? id;
  });
  const { status, stdout, stderr } = await running.ended;
  if (status !== 0 || ended === 0) throw new Error(`--leave ended with ${status}: ${stdout}${stderr}`);
  await ann.does(['transfers', 'cancel', id]);
  return (ended - began) / 1_000;
}

function curl(file: string, url: string): number {
  const words = ['-sSfk', '-o', '/dev/null', '-w', '%{time_total}', '-T', file, url];
  return Number(execFileSync('curl', words, { encoding: 'utf8' }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function startNginx(folder: string) {
  for (const name of ['', 'up', 'temp']) mkdirSync(join(folder, name), { recursive: true, mode: 0o777 });
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = [
    '-subj',
    '/CN=localhost',
    '-days',
    '1',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ];
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const [plain, tls] = [await freePort(), await freePort()];
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${user} worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; client_max_body_size 0; client_body_temp_path ${folder}/temp;
  server { listen 127.0.0.1:${plain}; listen 127.0.0.1:${tls} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location / { root ${folder}/up; dav_methods PUT; } } }
`,
  );
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  const plainUrl = `http://127.0.0.1:${plain}/big.bin`;
  for (let tries = 0; spawnSync('curl', ['-s', '-o', '/dev/null', plainUrl]).status !== 0; tries++) {
    if (tries > 50) throw new Error('nginx does not answer');
    await setTimeout(100);
  }
  const stop = (): void => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { plain: plainUrl, tls: `https://127.0.0.1:${tls}/big.bin`, stop };
}
