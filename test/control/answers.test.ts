import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import { Answers, byName, type Methods } from '../../src/control/answers.js';
import { onLines } from '../../src/control/jsonrpc.js';

type Said = Readonly<Record<string, unknown>> & { readonly error?: { readonly code: number; readonly data?: object } };

const methods: Methods = {
  add: async (params) => (params as number[]).reduce((sum, value) => sum + value, 0),
  fail: async () => {
    throw new Failure('wrong-password', 'No.', { hint: 'Try another.', details: { seconds: 3 } });
  },
  fault: async () => {
    throw new TypeError('oops');
  },
  tell: async (_params, { notify, id }) => {
    await notify('item', { id });
    return null;
  },
};

/** What is written in answer to a line. */
async function answers(line: string): Promise<(Said | readonly Said[])[]> {
  const written: (Said | readonly Said[])[] = [];
  const { signal } = new AbortController();
  const write = async (said: object): Promise<void> => {
    written.push(JSON.parse(JSON.stringify(said)));
  };
  await new Answers({ find: byName(methods), write, signal }).take(line);
  return written;
}

const one = async (line: string): Promise<Said> => {
  const [said, ...more] = await answers(line);
  assert.deepEqual(more, []);
  return said as Said;
};

test('a request is answered with its id, whatever kind of id that is', async () => {
  for (const id of [7, 'seven', 0, null]) {
    const line = JSON.stringify({ jsonrpc: '2.0', id, method: 'add', params: [1, 2] });
    assert.deepEqual(await one(line), { jsonrpc: '2.0', id, result: 3 });
  }
});

test('a request without id is carried out and not answered, not even with an error', async () => {
  assert.deepEqual(await answers('{"jsonrpc":"2.0","method":"fail"}'), []);
  assert.deepEqual(await answers('[{"jsonrpc":"2.0","method":"nope"}]'), []);
  assert.deepEqual(await answers('{"jsonrpc":"2.0","method":"tell"}'), [
    { jsonrpc: '2.0', method: 'item', params: { id: null } },
  ]);
});

test('what is malformed is answered as such and throws nothing', async () => {
  for (const [line, code, id] of [
    ['{', -32_700, null],
    ['"add"', -32_600, null],
    ['[]', -32_600, null],
    ['{"id":1,"method":"add"}', -32_600, 1],
    ['{"jsonrpc":"1.0","id":1,"method":"add"}', -32_600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":5}', -32_600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"add","params":5}', -32_600, 1],
    ['{"jsonrpc":"2.0","id":{},"method":"add"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32_601, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"fault"}', -32_603, 1],
  ] as const) {
    const { id: said, error } = await one(line);
    assert.deepEqual([error?.code, said], [code, id], line);
  }
});

test('a failure keeps its code, hint and exit status in data; its number says the status, too', async () => {
  const { error } = await one('{"jsonrpc":"2.0","id":1,"method":"fail"}');
  assert.deepEqual(error, {
    code: -32_003,
    message: 'No.',
    data: { reason: 'credentials', code: 'wrong-password', hint: 'Try another.', exit: 3, details: { seconds: 3 } },
  });
});

test('a batch is answered together, in its order, without its notifications', async () => {
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'add', params: [1] },
    { jsonrpc: '2.0', method: 'add', params: [2] },
    3,
    { jsonrpc: '2.0', id: 4, method: 'fail' },
  ];
  const [said] = (await answers(JSON.stringify(batch))) as [readonly Said[]];
  assert.deepEqual(
    said.map(({ id, error }) => [id, error?.code]),
    [
      [1, undefined],
      [null, -32_600],
      [4, -32_003],
    ],
  );
  const { error } = await one(JSON.stringify(Array(1_001).fill(batch[0])));
  assert.equal(error?.code, -32_600);
});

test('a line that is too long is passed over, and the next one is read', async () => {
  const input = new PassThrough();
  const lines: string[] = [];
  let long = 0;
  const ended = new Promise((resolve) => input.on('end', resolve));
  onLines(
    input,
    (line) => lines.push(line),
    () => long++,
  );
  input.write('first\nlon');
  for (let round = 0; round < 20; round++) input.write('x'.repeat(1 << 20));
  input.end('ger\nlast\n');
  await ended;
  assert.deepEqual([lines, long], [['first', 'last'], 1]);
});
