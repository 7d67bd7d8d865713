import { Failure } from '../base/errors.js';
import { define } from './command.js';
import { field } from './format-message.js';

export const doctor = define({
  name: 'doctor',
  slash: 'doctor',
  parameters: {},
  about: 'Check the network, the directory and this installation, and say how to fix what is wrong.',
  examples: { slash: '', shell: '' },

  async *run(peer) {
    const checks = await peer.doctor();
    for (const check of checks) yield { event: 'check', ...check };
    const failed = checks.filter(({ ok }) => !ok);
    if (failed.length === 0) return;
    const reason = failed.some(({ name }) => name === 'directory') ? 'unreachable' : 'internal';
    const message = failed.length === 1 ? '1 check failed.' : `${failed.length} checks failed.`;
    throw new Failure('doctor-found', message, { reason });
  },

  lines: ({ name, ok, says, hint }) => [
    `${ok ? 'ok  ' : 'FAIL'} ${field(name)}: ${field(says)}`,
    ...(ok || hint === undefined ? [] : [`     ${field(hint)}`]),
  ],
});
