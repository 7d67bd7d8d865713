import { commands } from '../../commands/commands.js';
import { field } from '../../commands/format-message.js';
import { onFace } from '../../commands/lookup.js';
import type { PeerApi } from '../../peer/api/peer.js';
import { enterFirstRoom } from '../first-room.js';
import { withPassword } from '../options.js';
import { openProfile } from '../session.js';
import type { Shell } from '../shell.js';
import { type Parsed, runFromTable } from '../table-commands.js';
import { shown, wantsScreen } from './login.js';
import { askingForCode, type CodeOptions } from './login-by-code.js';
import { signUp } from './register.js';

export interface JoinOptions extends CodeOptions {
  readonly group?: string | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** By a group's name into that group; without one, by a code that somebody was told, onto the directory. */
export async function join(shell: Shell, options: JoinOptions): Promise<void> {
  if (options.group !== undefined) {
    const command = onFace(commands, 'shell', 'group join')!;
    return runFromTable(shell, command, { ...(options as object), _: ['join', options.group] } as Parsed, 'join');
  }
  const { joinByCode, openPeer } = await shell.parts.peer();
  const { registered, group, asked } = await askingForCode(shell, options, (given) =>
    joinByCode({ home: shell.home, ...given }, ({ directory, invite, user }) => {
      const name = options.name ?? user;
      return signUp(shell, { ...options, directory, invite, ...(name !== undefined && { name }) });
    }),
  );
  const { user, device, role, password } = registered;
  const { directory: _, ...init } = withPassword(shell, options, password);
  const goesOn = await wantsScreen(shell, options);
  const open = () => openPeer(init);
  const peer = goesOn ? (await openProfile(shell, open, { stays: true })).peer : await open();
  const room = await enter(shell, peer, group, asked);
  const where = room === undefined ? '' : `, and in ${field(room)}`;
  shell.output.say({ event: 'joined', user, device, role, ...(room !== undefined && { group: room }) }, [
    `You are ${user} now${where}.`,
    ...(goesOn ? [] : ['Next: p2pchat login']),
  ]);
  if (!goesOn) return peer.close();
  shell.input().close();
  await shown(shell, peer, user, room);
}

/** The group that the code was for; else the room that newcomers begin in. */
async function enter(
  shell: Shell,
  peer: PeerApi,
  group: string | undefined,
  asked: boolean | undefined,
): Promise<string | undefined> {
  try {
    return group === undefined ? await enterFirstRoom(peer) : await peer.groups.join(group);
  } catch {
    if (group !== undefined) {
      const why = asked === false ? 'whoever made the code is not there any more' : 'it did not let you in yet';
      shell.output.note(`You are not in ${field(group)}: ${why}. Ask to be invited, then: p2pchat join '${group}'`);
    }
    return undefined;
  }
}
