import { define } from './command.js';
import { field } from './format-message.js';
import { choosePlayer, watched } from './player.js';

const NONE = 'none';

export const play = define({
  name: 'play',
  slash: 'play',
  slashTakes: { id: 'ID', player: 'PLAYER' },
  parameters: {
    id: { type: 'word', about: 'beginning of the transfer’s id' },
    player: { type: 'word', flag: true, optional: true, about: `mpv, vlc, another, or ${NONE} for the address alone` },
    file: { type: 'count', flag: true, optional: true, about: 'which file of it, from 1' },
  },
  about: 'Play what has arrived of a transfer while the rest is on its way.',
  examples: { slash: '1f3a', shell: '1f3a --player vlc' },

  async *run(peer, { id, player: wanted, file = 1 }, { face }) {
    const playing = await peer.files.play(id, file - 1);
    const player = wanted === NONE ? undefined : choosePlayer(wanted, playing.url);
    const child = await player?.start(playing.url);
    yield { event: 'play' as const, ...playing };
    if (face === 'slash') return;
    if (player !== undefined && child !== undefined) await watched(player, child, playing.url);
    // The address ends with this program.
    if ((player === undefined || player.passesOn) && face === 'shell') await peer.ended;
  },
  lines: ({ name, url }) => [`-- playing ${field(name)}: ${url}`],
});
