import { Failure } from '../../base/errors.js';
import { define } from './command.js';
import { field } from './lines.js';

export const doctor = define({
  name: 'doctor',
  parameters: {},
  about: 'Checks what a session needs, and says what to do about the rest.',
  examples: { shell: '' },

  async *run(peer) {
    const checks = await peer.doctor();
    for (const check of checks) yield { event: 'check', ...check };
    const failed = checks.filter(({ ok }) => !ok).length;
    if (failed === 0) return;
    throw new Failure('unreachable', 'doctor-found', failed === 1 ? '1 check failed.' : `${failed} checks failed.`, {
      hint: 'The lines above say what to do about each.',
    });
  },

  lines: ({ name, ok, says, hint }) => [
    `${ok ? 'ok  ' : 'FAIL'} ${field(name)}: ${field(says)}`,
    ...(ok || hint === undefined ? [] : [`     ${field(hint)}`]),
  ],
});
