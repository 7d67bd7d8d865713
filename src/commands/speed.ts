import { sizeText } from '../base/size.js';
import { define } from './command.js';

const AUTO = 'auto';

export const speed = define({
  name: 'speed',
  slash: 'speed',
  parameters: {
    setting: {
      type: 'choice',
      choices: [AUTO],
      optional: true,
      about: 'auto: as fast as the network allows, yielding to other traffic; clears what was set',
    },
    rate: { type: 'rate', flag: true, optional: true, about: 'at most so fast, such as 50MB/s' },
    pace: { type: 'delay', flag: true, optional: true, about: 'delay between bursts, such as 1ms' },
  },
  about: 'Set the default sending rate; without an argument, show it. Running transfers keep theirs.',
  examples: { slash: '--rate 20MB/s', shell: '--rate 20MB/s --pace 1ms' },

  async *run(peer, { setting, rate, pace }) {
    const given = { ...(rate !== undefined && { rate }), ...(pace !== undefined && { pace }) };
    if (setting === AUTO) await peer.files.setSpeed(given);
    else if (Object.keys(given).length > 0) await peer.files.setSpeed({ ...(await peer.files.speed()), ...given });
    yield { event: 'speed' as const, ...(await peer.files.speed()) };
  },
  lines: ({ rate, pace }) => [
    `files are sent ${rate === undefined ? 'as fast as the network gives' : `at ${sizeText(rate)}/s at most`}${
      pace === undefined ? '' : `, in bursts ${pace} ms apart`
    }`,
  ],
});
