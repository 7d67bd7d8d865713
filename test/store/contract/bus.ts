import assert from 'node:assert/strict';
import { it } from 'node:test';
import { utf8 } from '../../../src/base/bytes.js';
import type { Store } from '../../../src/store/store.js';
import { text } from '../support.js';

export function busContract(store: () => Store): void {
  /** Resolves when what was published before has been delivered: a mark that comes after it has. */
  const settle = async () => {
    let heard = () => {};
    const delivered = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const stop = await store().bus.subscribe('mark', heard);
    store().bus.publish('mark', utf8(''));
    await delivered;
    stop();
  };

  it('delivers to those who listen, in order, until they stop', async () => {
    const heard: string[] = [];
    const stop = await store().bus.subscribe('room/1', (message, subject) => heard.push(`${subject}:${text(message)}`));
    store().bus.publish('room/1', utf8('a'));
    store().bus.publish('room/1', utf8('b'));
    store().bus.publish('room/2', utf8('c'));
    store().bus.publish('room/1/x', utf8('d'));
    assert.deepEqual(heard, [], 'handlers run later');
    await settle();
    stop();
    store().bus.publish('room/1', utf8('e'));
    await settle();
    assert.deepEqual(heard, ['room/1:a', 'room/1:b']);
  });

  it('delivers everything below a prefix', async () => {
    const heard: string[] = [];
    await store().bus.subscribe('room/*', (_, subject) => heard.push(subject));
    for (const subject of ['room', 'room/1', 'room/1/x', 'rooms/1']) store().bus.publish(subject, utf8(''));
    await settle();
    assert.deepEqual(heard, ['room/1', 'room/1/x']);
  });

  it('survives a handler that throws', async () => {
    const heard: string[] = [];
    await store().bus.subscribe('a', () => {
      throw new Error('broken handler');
    });
    await store().bus.subscribe('a', (message) => heard.push(text(message)!));
    store().bus.publish('a', utf8('x'));
    await settle();
    assert.deepEqual(heard, ['x']);
  });
}
