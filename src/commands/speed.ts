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
      about: 'auto: as fast as the network gives, yielding to others; forgets what was set',
    },
    rate: { type: 'rate', flag: true, optional: true, about: 'at most so fast, such as 50MB/s' },
    pace: { type: 'delay', flag: true, optional: true, about: 'delay between bursts, such as 1ms' },
  },
  about: 'Sets how fast files are sent which say nothing else; alone, shows it. What is under way keeps its speed.',
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
