import { parentPort } from 'node:worker_threads';
import type { client } from '@serenity-kit/opaque';
import { loadOpaque } from './opaque.js';

/** The thread in which passwords are stretched: one task, one answer, end. */

export type StretchTask =
  | { readonly kind: 'registration'; readonly params: client.FinishRegistrationParams }
  | { readonly kind: 'login'; readonly params: client.FinishLoginParams };

export type StretchAnswer =
  | { readonly kind: 'registration'; readonly result: client.FinishRegistrationResult }
  | { readonly kind: 'login'; readonly result: client.FinishLoginResult }
  /** The response doesn't open under this password: it is wrong, or the name is unknown. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'malformed' };

async function answer(task: StretchTask): Promise<StretchAnswer> {
  const { client } = await loadOpaque();
  try {
    if (task.kind === 'registration') return { kind: 'registration', result: client.finishRegistration(task.params) };
    const result = client.finishLogin(task.params);
    return result === undefined ? { kind: 'refused' } : { kind: 'login', result };
  } catch {
    // A library's message might name what must not be said.
    return { kind: 'malformed' };
  }
}

// The listener stays until the answer is out: it is what keeps the thread, while WebAssembly compiles, from ending.
parentPort?.on('message', (task: StretchTask) => {
  void answer(task).then((result) => {
    parentPort?.postMessage(result);
    parentPort?.close();
  });
});
