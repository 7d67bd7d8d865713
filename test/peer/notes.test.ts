import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { filesWith } from '../support/needles.js';
import { Town } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

test('a draft and a number outlive a restart, sealed; one that says nothing is forgotten', async () => {
  const ada = await town.settle('ada');
  const draft = `draft-${'unsaid '.repeat(9_000)}`;
  await ada.notes.set({ conversation: '@bob', draft, number: 3 });
  await ada.notes.set({ conversation: '#lobby', draft: 'x', number: 0 });
  await ada.notes.set({ conversation: '#lobby', draft: '', number: 0 });
  await ada.close();
  assert.deepEqual(filesWith(['unsaid unsaid'], town.home('ada')), []);
  const again = await town.open('ada');
  assert.deepEqual(await again.notes.all(), [{ conversation: '@bob', draft, number: 3 }]);
});
