import { DIRECTORY_HOST, type DirectoryHost } from './directory-host.js';
import type { Resident } from './resident.js';
import type { SimulatedTown } from './town.js';

const SECOND = 1_000;

/** What can go wrong at any moment, each drawn by the town's dice. Whoever dies is started again, sooner or later. */
const MISFORTUNES: readonly ((town: SimulatedTown) => void)[] = [
  weather,
  weather,
  partition,
  partition,
  (town) => {
    town.tell('a connection breaks');
    town.web.cut();
  },
  (town) => killed(town, town.any(town.residents)),
  (town) => killed(town, town.any(town.residents)),
  (town) => killedAtWrite(town, town.any(town.residents)),
  (town) => killedAtWrite(town, town.any(town.residents)),
  (town) => killedAtWrite(town, town.any(town.residents)),
  (town) => void ended(town, town.any(town.residents)).catch((error) => town.fail(error)),
  stopDirectory,
  (town) => killedAtWrite(town, town.directory),
];

export const misfortune = (town: SimulatedTown): void => town.any(MISFORTUNES)(town);

function weather(town: SimulatedTown): void {
  const settings = {
    latency: 1 + town.below(120),
    jitter: town.below(200),
    loss: [0, 0, 0.02, 0.2][town.below(4)]!,
  };
  town.tell(`the network is ${JSON.stringify(settings)}`);
  town.web.settings = settings;
}

function partition(town: SimulatedTown): void {
  const hosts = [DIRECTORY_HOST, ...town.residents.map(({ installation }) => installation.host)];
  const island = hosts.filter(() => town.below(2) === 0);
  const whole = town.below(30) * SECOND;
  town.tell(`cut off for ${whole / SECOND} s: ${island.join(' ')}`);
  town.web.part(island);
  town.time.after(whole, () => town.web.part([]));
}

export function stopDirectory(town: SimulatedTown): void {
  town.tell('the directory is killed');
  town.directory.kill();
  againLater(town, town.directory);
}

function killed(town: SimulatedTown, resident: Resident): void {
  town.tell(`${resident.name} is killed`);
  resident.kill();
  againLater(town, resident);
}

function killedAtWrite(town: SimulatedTown, program: Resident | DirectoryHost): void {
  program.killAt = { moment: town.any(['before', 'after'] as const), writes: 1 + town.below(8) };
  againLater(town, program);
}

async function ended(town: SimulatedTown, resident: Resident): Promise<void> {
  town.tell(`${resident.name} ends its program`);
  await resident.end();
  againLater(town, resident);
}

function againLater(town: SimulatedTown, program: { readonly alive: boolean; start(): unknown }): void {
  town.time.after(town.below(20 * SECOND), () => {
    if (!program.alive) void program.start();
  });
}
