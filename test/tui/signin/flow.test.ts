import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/errors.js';
import type { AskCode, CodeInput, Entrance, SignUpInput } from '../../../src/tui/signin/entrance.js';
import { SignInFlow } from '../../../src/tui/signin/flow.js';
import { FakePeer } from '../../support/fake-peer.js';

const LINK = 'p2pchat://example.test:1#abc';

class FakeEntrance implements Entrance {
  directory: string | undefined = LINK;
  user: string | undefined;
  known = false;
  readonly asked: SignUpInput[] = [];
  readonly answers: (Failure | undefined)[] = [];

  /** A second factor: what is said to each code until one is right. */
  codes: (Failure | undefined)[] = [];
  readonly shown: string[] = [];

  async signIn(input: SignUpInput, askCode?: AskCode) {
    this.asked.push(input);
    const failure = this.answers.shift();
    if (failure) throw failure;
    for (let why = this.codes.shift(); why && askCode; why = this.codes.shift()) {
      if (why.reason === 'blocked') throw why;
      this.shown.push(await askCode(why));
    }
    return new FakePeer(input.user);
  }

  signUp = (input: SignUpInput) => this.signIn(input);
  readonly codesGiven: CodeInput[] = [];
  byCode? = async (input: CodeInput) => {
    this.codesGiven.push(input);
    const failure = this.answers.shift();
    if (failure) throw failure;
    return new FakePeer('ann');
  };
  strength = async (password: string) => ({ score: 2, ok: password.length > 5, reason: 'it is short' });
}

const wrong = (): Failure => new Failure('wrong-credentials', 'Wrong user name or password.', { hint: '' });

async function fill(flow: SignInFlow, values: readonly string[], now = 0): Promise<void> {
  for (const value of values) {
    flow.form.active.editor.type(value);
    await flow.enter(() => now);
  }
}

async function signingIn(entrance: FakeEntrance): Promise<SignInFlow> {
  const flow = new SignInFlow(entrance);
  flow.choose(1);
  await flow.enter(() => 0);
  assert.equal(flow.stage, 'signin');
  return flow;
}

test('signing in gives a peer and keeps no password', async () => {
  const entrance = new FakeEntrance();
  const flow = await signingIn(entrance);
  await fill(flow, ['Ann', 'secret word']);
  assert.ok(flow.outcome && 'peer' in flow.outcome);
  assert.deepEqual(entrance.asked, [{ directory: LINK, user: 'Ann', password: 'secret word' }]);
  assert.equal(flow.form.value('password'), '');
});

test('three wrong passwords end it; each says how many tries are left', async () => {
  const entrance = new FakeEntrance();
  entrance.answers.push(wrong(), wrong(), wrong());
  const flow = await signingIn(entrance);
  await fill(flow, ['ann', 'one']);
  assert.match(flow.says(0)!.text, /2 tries left/);
  assert.equal(flow.form.value('password'), '');
  assert.equal(flow.form.active.name, 'password');
  await fill(flow, ['two']);
  assert.match(flow.says(0)!.text, /1 try left/);
  await fill(flow, ['three']);
  assert.ok(flow.outcome && 'failure' in flow.outcome && flow.outcome.failure.exit === 3);
});

test('a block counts down and asks nobody until it is over', async () => {
  const entrance = new FakeEntrance();
  entrance.answers.push(new Failure('name-blocked', 'Blocked.', { details: { seconds: 10 } }));
  const flow = await signingIn(entrance);
  await fill(flow, ['ann', 'one']);
  assert.match(flow.says(0)!.text, /again in 10 s/);
  assert.match(flow.says(9_100)!.text, /again in 1 s/);
  // What is typed next is the password, which nobody may see.
  assert.equal(flow.form.active.name, 'password');
  await fill(flow, ['two'], 5_000);
  assert.equal(entrance.asked.length, 1);
  await fill(flow, ['right'], 10_000);
  assert.ok(flow.outcome && 'peer' in flow.outcome);
});

test('a ban ends it with the reason', async () => {
  const entrance = new FakeEntrance();
  entrance.answers.push(new Failure('account-banned', 'Banned until Monday: spam.'));
  const flow = await signingIn(entrance);
  await fill(flow, ['ann', 'one']);
  assert.ok(flow.outcome && 'failure' in flow.outcome && flow.outcome.failure.exit === 4);
});

test('signing up judges name and passwords before anybody is asked', async () => {
  const entrance = new FakeEntrance();
  const flow = new SignInFlow(entrance);
  await flow.enter(() => 0);
  assert.equal(flow.stage, 'signup');
  await fill(flow, ['né', 'long enough', 'long enough', '']);
  assert.match(flow.says(0)!.text, /not a valid user name/);
  assert.equal(flow.form.active.name, 'user');
  flow.form.active.editor.set('ann');
  await flow.enter(() => 0);
  await fill(flow, ['short', 'short', '']);
  assert.match(flow.says(0)!.text, /too weak: it is short/);
  await fill(flow, ['long enough', 'long enougj', '']);
  assert.match(flow.says(0)!.text, /differ/);
  assert.equal(entrance.asked.length, 0);
  await fill(flow, ['long enough', 'long enough', 'INVITE-1']);
  assert.deepEqual(entrance.asked[0], { directory: LINK, user: 'ann', password: 'long enough', invite: 'INVITE-1' });
});

test('what was said of a password is gone with the form it was typed into', async () => {
  const flow = new SignInFlow(new FakeEntrance());
  await flow.enter(() => 0);
  flow.form.focus('password');
  flow.form.active.editor.set('short');
  await flow.judge();
  assert.equal(flow.strength?.ok, false);
  flow.back();
  assert.equal(flow.strength, undefined);
});

test('a taken name is said and another one may be tried', async () => {
  const entrance = new FakeEntrance();
  entrance.answers.push(new Failure('name-taken', 'That name is taken.', { hint: 'Choose another.' }));
  const flow = new SignInFlow(entrance);
  await flow.enter(() => 0);
  await fill(flow, ['ann', 'long enough', 'long enough', '']);
  assert.match(flow.says(0)!.text, /That name is taken\. Choose another\./);
  assert.equal(flow.form.active.name, 'user');
});

test('without a known directory its link is asked for, and an unreachable one costs no retyping', async () => {
  const entrance = new FakeEntrance();
  entrance.directory = undefined;
  entrance.answers.push(new Failure('directory-offline', 'The directory cannot be reached.'));
  const flow = await signingIn(entrance);
  await fill(flow, [LINK, 'ann', 'one']);
  assert.match(flow.says(0)!.text, /cannot be reached/);
  assert.equal(flow.form.value('password'), 'one');
  await flow.enter(() => 0);
  assert.ok(flow.outcome && 'peer' in flow.outcome);
});

test('an empty field is asked for, and a profile asks for the password only', async () => {
  const entrance = new FakeEntrance();
  entrance.user = 'ann';
  entrance.known = true;
  const flow = new SignInFlow(entrance);
  assert.equal(flow.form.active.name, 'password');
  await flow.enter(() => 0);
  assert.match(flow.says(0)!.text, /Password is missing/);
});

test('T1 what the directory says passes the gate', async () => {
  const entrance = new FakeEntrance();
  entrance.answers.push(new Failure('malformed', 'no\x1b[2J way', { hint: '' }));
  const flow = await signingIn(entrance);
  await fill(flow, ['ann', 'one']);
  assert.equal(flow.says(0)!.text.trim(), 'No way.');
});

test('who comes by an invitation line has a choice, with the name filled in; a wrong guess says that one may be new', async () => {
  const entrance = new FakeEntrance();
  entrance.user = 'bob';
  entrance.answers.push(wrong());
  const flow = new SignInFlow(entrance);
  assert.equal(flow.stage, 'welcome');
  flow.choose(1);
  await flow.enter(() => 0);
  await fill(flow, ['guess']);
  assert.match(flow.says(0)!.text, /New here\? Esc, then Create an account\./);
  flow.back();
  flow.choose(-1);
  await flow.enter(() => 0);
  assert.equal(flow.stage, 'signup');
  await fill(flow, ['long enough', 'long enough', '']);
  assert.deepEqual(entrance.asked.at(-1), { directory: LINK, user: 'bob', password: 'long enough' });
});

const codeNeeded = (): Failure => new Failure('second-factor-needed', 'There is a second factor.');
const codeWrong = (): Failure => new Failure('second-factor-wrong', 'that code is not right', { hint: '' });

/** Signing in up to where the code is asked for: the login goes on in the background, as on the screen. */
async function atTheCode(
  entrance: FakeEntrance,
): Promise<{ flow: SignInFlow; login: Promise<void>; asked(): Promise<void> }> {
  let wake = (): void => {};
  const asked = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const first = asked();
  const flow = new SignInFlow(entrance, () => wake());
  flow.choose(1);
  await flow.enter(() => 0);
  await fill(flow, ['ann']);
  flow.form.active.editor.type('secret word');
  const login = flow.enter(() => 0);
  await first;
  return { flow, login, asked };
}

test('the code is asked for after the password; a wrong one says how many tries are left', async () => {
  const entrance = new FakeEntrance();
  entrance.codes = [codeNeeded(), codeWrong()];
  const { flow, login, asked } = await atTheCode(entrance);
  assert.deepEqual([flow.stage, flow.busy, flow.form.active.name], ['code', false, 'code']);
  assert.match(flow.says(0)!.text, /six digits from your app, or a recovery code/);
  await flow.enter(() => 0);
  assert.equal(flow.stage, 'code', 'nothing was typed');
  const again = asked();
  await fill(flow, [' 111 111 ']);
  await again;
  assert.match(flow.says(0)!.text, /That code is not right\. 2 tries left/);
  assert.equal(flow.form.value('code'), '');
  await fill(flow, ['abcde-fghjk']);
  await login;
  assert.deepEqual(entrance.shown, ['111 111', 'abcde-fghjk']);
  assert.ok(flow.outcome && 'peer' in flow.outcome);
});

test('three wrong codes end it', async () => {
  const entrance = new FakeEntrance();
  entrance.codes = [codeNeeded(), codeWrong(), codeWrong(), codeWrong()];
  const { flow, login, asked } = await atTheCode(entrance);
  for (const code of ['1', '2', '3']) {
    const again = code === '3' ? login : asked();
    await fill(flow, [code]);
    await again;
  }
  assert.equal(entrance.shown.length, 3);
  assert.ok(flow.outcome && 'failure' in flow.outcome && flow.outcome.failure.exit === 3);
});

test('Esc leads from the code back to the password, and a block counts down there', async () => {
  const entrance = new FakeEntrance();
  entrance.codes = [codeNeeded()];
  const first = await atTheCode(entrance);
  first.flow.back();
  await first.login;
  assert.deepEqual(
    [first.flow.stage, first.flow.form.active.name, first.flow.form.value('password')],
    ['signin', 'password', ''],
  );
  assert.match(first.flow.says(0)!.text, /Without the code nobody gets in/);
  entrance.codes = [codeNeeded(), new Failure('name-blocked', 'Blocked.', { details: { seconds: 10 } })];
  const { flow, login } = await atTheCode(entrance);
  await fill(flow, ['1']);
  await login;
  assert.match(flow.says(0)!.text, /again in 10 s/);
  assert.equal(flow.stage, 'signin');
  entrance.codes = [codeNeeded()];
  const other = await atTheCode(entrance);
  other.flow.leave();
  await other.login;
  assert.ok(other.flow.outcome && 'failure' in other.flow.outcome && other.flow.outcome.failure.code === 'left');
});

test('a device is added by the code of another one; what was wrong is asked for again', async () => {
  const entrance = new FakeEntrance();
  entrance.directory = undefined;
  entrance.answers.push(new Failure('code-invalid'), new Failure('directory-offline'));
  const flow = new SignInFlow(entrance);
  flow.choose(2);
  await flow.enter(() => 0);
  assert.equal(flow.stage, 'bycode');
  assert.match(flow.says(0)!.text, /device add/);
  await fill(flow, ['1234 one two', 'host']);
  assert.deepEqual([flow.says(0)!.kind, flow.form.active.name], ['error', 'words']);
  await fill(flow, [' three', ':1']);
  assert.equal(flow.form.active.name, 'directory');
  await fill(flow, ['23']);
  assert.ok(flow.outcome && 'peer' in flow.outcome);
  assert.deepEqual(entrance.codesGiven.at(-1), { code: '1234 one two three', directory: 'host:123' });
});

test('where there is a profile already no code is offered', () => {
  const entrance = new FakeEntrance();
  delete entrance.byCode;
  const { choices } = new SignInFlow(entrance);
  assert.deepEqual(
    choices.map(({ opens }) => opens),
    ['signup', 'signin', undefined],
  );
});
