import type { HistoryMessage, PeerApi } from '../../src/peer/api/peer.js';
import type { Resident } from './resident.js';
import type { Make, SimulatedTown } from './town.js';

/** A line that somebody said: `acknowledged` once their program has said that it is kept. */
export interface Said {
  readonly by: string;
  readonly text: string;
  acknowledged: boolean;
}

/** What is done in a town by its people. Nobody waits for an answer before going on, and whoever is killed never gets one. */
export class Life {
  readonly said: Said[] = [];
  readonly #town: SimulatedTown;

  constructor(town: SimulatedTown) {
    this.#town = town;
  }

  say(resident: Resident, to: string): void {
    const { name } = resident;
    const line: Said = { by: name, text: `${this.said.length} of ${name}`, acknowledged: false };
    this.does(resident, `says '${line.text}' to ${to}`, async (peer) => {
      this.said.push(line);
      await peer.send(to, line.text);
      if (resident.peer === peer) line.acknowledged = true;
    });
  }

  /** Where they run. What comes of it is told, failures included: most are what a network does. */
  does(resident: Resident, what: string, work: (peer: PeerApi) => Promise<unknown>): void {
    const { peer, name } = resident;
    if (peer === undefined) return;
    this.#town.tell(`${name} ${what}`);
    const over = (how: string): void => {
      if (resident.peer === peer) this.#town.tell(`${name} ${what}: ${how}`);
    };
    void work(peer).then(
      () => over('done'),
      (error) => over(`${error.code ?? error}`),
    );
  }

  /** What people do and what goes wrong, `steps` of both, with a while between them. */
  async goesOn(steps: number, one: () => void, betweenMs: number): Promise<void> {
    for (let at = 0; at < steps; at++) {
      one();
      await this.#town.pass(this.#town.below(betweenMs));
    }
  }
}

const PATIENCE_MS = 300_000;

export async function linesOf(
  town: SimulatedTown,
  { peer }: Resident,
  conversation: string,
): Promise<readonly HistoryMessage[]> {
  return town.done('history', peer!.history({ conversation, limit: 1_000 }));
}

/** Time passes until each of them has a line of every one of these texts. */
export async function haveAll(
  town: SimulatedTown,
  residents: readonly Resident[],
  texts: readonly string[],
  conversationOf: (resident: Resident) => string,
): Promise<void> {
  const end = town.time.monotonic() + PATIENCE_MS;
  for (;;) {
    await town.pass(2_000);
    const missing: string[] = [];
    for (const resident of residents) {
      const lines = await linesOf(town, resident, conversationOf(resident));
      const there = new Set(lines.map(({ text }) => text));
      for (const text of texts) if (!there.has(text)) missing.push(`'${text}' at ${resident.name}`);
    }
    if (missing.length === 0) return;
    if (town.time.monotonic() > end) throw new Error(`did not arrive: ${missing.join(', ')}`);
  }
}

/** `work`, with what is needed to see it again where it fails. */
export async function inTown(make: Make, seed: string, work: (town: SimulatedTown) => Promise<void>): Promise<string> {
  const town = await make(seed);
  try {
    await work(town);
    return town.trace.digest();
  } catch (cause) {
    throw new Error(`TOWN_SEED=${seed} shows it again. ${(cause as Error).message}\n${town.trace.latest()}`, { cause });
  } finally {
    town.close();
  }
}
