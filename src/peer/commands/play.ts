import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../../base/errors.js';
import { define } from './command.js';
import { field } from './lines.js';

const OPENER = process.platform === 'darwin' ? 'open' : 'xdg-open';
/** In this order, those that read ranges from an address. */
const PLAYERS: readonly (readonly string[])[] = [
  ['mpv', '--really-quiet'],
  ['vlc', '--play-and-exit'],
  ['cvlc'],
  [OPENER],
];
const NONE = 'none';

const installed = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** @throws Failure usage 'player-missing' */
function start(player: string | undefined, url: string): ChildProcess {
  const words = player?.split(/\s+/).filter(Boolean) ?? PLAYERS.find(([program]) => installed(program!));
  const [program, ...rest] = words ?? [];
  if (program === undefined || !(program.includes('/') || installed(program))) {
    throw new Failure(
      'usage',
      'player-missing',
      `There is no player${player === undefined ? '' : ` '${field(player)}'`}.`,
      {
        hint: `Install mpv or VLC, name another with --player, or open ${url} yourself while this program runs.`,
      },
    );
  }
  return spawn(program, [...rest, url], { stdio: 'ignore', detached: true });
}

export const play = define({
  name: 'play',
  slash: 'play',
  slashTakes: { id: 'ID', player: 'PLAYER' },
  parameters: {
    id: { type: 'word', about: 'beginning of the transfer’s id' },
    player: { type: 'word', flag: true, optional: true, about: `mpv, vlc, another, or ${NONE} for the address alone` },
    file: { type: 'count', flag: true, optional: true, about: 'which file of it, from 1' },
  },
  about: 'Plays what has come of a transfer while the rest arrives.',
  examples: { slash: '1f3a', shell: '1f3a --player vlc' },

  async *run(peer, { id, player, file = 1 }, { face }) {
    const playing = await peer.files.play(id, file - 1);
    yield { event: 'play' as const, ...playing };
    if (player === NONE) {
      // The address ends with this program.
      if (face === 'shell') await peer.ended;
      return;
    }
    const child = start(player, playing.url);
    child.unref();
    child.on('error', () => {});
    if (face !== 'slash') await once(child, 'exit').catch(() => {});
  },
  lines: ({ name, url }) => [`-- playing ${field(name)}: ${url}`],
});
