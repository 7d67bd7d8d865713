import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import { TerminalInput } from '../../src/cli/input.js';

test('N23 a terminal whose read fails after its input was closed ends nothing by an error', () => {
  const keyboard = Object.assign(new PassThrough(), { setRawMode: () => {} });
  let gone = 0;
  const input = new TerminalInput(
    keyboard as unknown as ReadStream,
    new PassThrough() as unknown as WriteStream,
    () => {},
    () => gone++,
  );
  input.close();
  keyboard.emit('error', Object.assign(new Error('read EIO'), { code: 'EIO' }));
  assert.equal(gone, 1);
});
