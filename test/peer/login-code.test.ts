import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, hasCode } from '../../src/base/errors.js';
import { whileAsking, withCode } from '../../src/peer/account/second-factor-prompt.js';

const needed = new Failure('second-factor-needed');

test('a login asks until a code is right or it is refused for another reason', async () => {
  const refusals = [needed, new Failure('second-factor-wrong'), new Failure('second-factor-used')];
  const shown: (string | undefined)[] = [];
  const finish = async (code: string | undefined) => {
    shown.push(code);
    const why = refusals.shift();
    if (why) throw why;
    return 'in';
  };
  const asked: string[] = [];
  const ask = async ({ code }: Failure) => `answer ${asked.push(code)}`;
  assert.equal(await withCode(finish, undefined, ask), 'in');
  assert.deepEqual(shown, [undefined, 'answer 1', 'answer 2', 'answer 3']);
  assert.deepEqual(asked, ['second-factor-needed', 'second-factor-wrong', 'second-factor-used']);
  refusals.push(needed, new Failure('name-blocked'));
  await assert.rejects(withCode(finish, undefined, ask), (error) => hasCode(error, 'name-blocked'));
  refusals.push(needed);
  await assert.rejects(withCode(finish, undefined, undefined), (error) => hasCode(error, 'second-factor-needed'));
});

test('who takes longer for the code than the channel waits is let in by that code on another one', async () => {
  for (const over of [new Failure('connection-lost'), new Failure('wrong-credentials')]) {
    const given: (string | undefined)[] = [];
    const result = await whileAsking({ askCode: async () => '123456' }, async ({ code, askCode }) => {
      given.push(code);
      if (code !== undefined) return 'in';
      await askCode!(needed);
      throw over;
    });
    assert.deepEqual([result, given], ['in', [undefined, '123456']]);
  }
  // Nothing was asked: the directory can't be reached, or the password is wrong.
  const wrong = new Failure('wrong-credentials');
  let logins = 0;
  const login = async (): Promise<never> => {
    logins++;
    throw wrong;
  };
  await assert.rejects(whileAsking({ askCode: async () => '123456' }, login), wrong);
  assert.equal(logins, 1);
});
