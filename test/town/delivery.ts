import assert from 'node:assert/strict';
import type { HistoryMessage } from '../../src/peer/api/peer.js';
import { inTown, Life, type Said } from './life.js';
import { misfortune } from './misfortune.js';
import type { Resident } from './resident.js';
import { SimulatedTown } from './town.js';

/** Two people with two devices each, who have written to each other before. */
export const twoPeople = (): Promise<(seed: string) => Promise<SimulatedTown>> =>
  SimulatedTown.planned({
    people: { ada: 2, bob: 2 },
    async prepare(town) {
      await town.done('the first line', town.find('ada').peer!.send('bob', 'the first line'));
    },
  });

const STEPS = 24;
const BETWEEN_MS = 4_000;
const PATIENCE_MS = 300_000;

/** All four write while things go wrong; then every line is on all four devices, once, in the order in which each device said its own. */
export const delivery = (make: (seed: string) => Promise<SimulatedTown>, seed: string): Promise<string> =>
  inTown(make, seed, async (town) => {
    const life = new Life(town);
    await life.goesOn(
      STEPS,
      () => {
        if (town.below(3) === 0) return misfortune(town);
        const resident = town.any(town.residents);
        for (let lines = 1 + town.below(3); lines > 0; lines--) life.say(resident, otherOf(resident));
      },
      BETWEEN_MS,
    );
    await town.mend();
    const last = town.residents.map((resident) => {
      life.say(resident, otherOf(resident));
      return life.said.at(-1)!;
    });
    const wanted = (): Said[] => life.said.filter(({ acknowledged }) => acknowledged);
    await town.until('the last lines are kept', () => last.every(({ acknowledged }) => acknowledged));
    await everywhere(town, wanted());
    const all = await Promise.all(town.residents.map((resident) => linesOf(town, resident)));
    for (const [at, resident] of town.residents.entries()) judge(resident, all[at]!, all[0]!, life.said);
  });

/** Known, and not cured: a link that has just come up may be quicker than what the directory is about to push. */
const RACE_MS = 2_000;

/**
 * What is kept at the directory can't be known of before the directory is reached: what comes straight meanwhile goes before it.
 * So does what wins a race of the two ways.
 */
function mayOvertake(resident: Resident, early: HistoryMessage, late: HistoryMessage): boolean {
  const [first, second] = [Date.parse(late.receivedAt), Date.parse(early.receivedAt)];
  const isRace = second - first < RACE_MS;
  return early.via === 'mailbox' && late.via === 'direct' && (isRace || resident.wasOffline(first));
}

const otherOf = ({ installation: { user } }: Resident): string => (user === 'ada' ? 'bob' : 'ada');

async function everywhere(town: SimulatedTown, wanted: readonly Said[]): Promise<void> {
  const end = town.time.monotonic() + PATIENCE_MS;
  for (;;) {
    await town.pass(2_000);
    const missing: string[] = [];
    for (const resident of town.residents) {
      const there = new Set((await linesOf(town, resident)).map(({ text }) => text));
      for (const { text } of wanted) if (!there.has(text)) missing.push(`'${text}' at ${resident.name}`);
    }
    if (missing.length === 0) break;
    if (town.time.monotonic() > end) throw new Error(`did not arrive: ${missing.join(', ')}`);
  }
  // What would come twice has come.
  await town.pass(20_000);
}

async function linesOf(town: SimulatedTown, resident: Resident): Promise<HistoryMessage[]> {
  const conversation = `@${otherOf(resident)}`;
  const lines = await town.done('history', resident.peer!.history({ conversation, limit: 1_000 }));
  return lines.filter(({ text }) => / of /.test(text));
}

type Lines = readonly HistoryMessage[];

function judge(resident: Resident, lines: Lines, others: Lines, said: readonly Said[]): void {
  const { name } = resident;
  const texts = lines.map(({ text }) => text);
  assert.deepEqual(
    texts.filter((text, at) => texts.indexOf(text) !== at),
    [],
    `twice at ${name}`,
  );
  const everybodys = others.map(({ text }) => text);
  assert.deepEqual([...texts].sort(), everybodys.sort(), `${name} has other lines than the first device`);
  const order = new Map(said.map(({ text }, at) => [text, at]));
  const places = lines.map((line) => ({ line, at: order.get(line.text)!, by: said[order.get(line.text)!]!.by }));
  places.forEach((late, index) => {
    for (const early of places.slice(index + 1)) {
      if (early.by !== late.by || early.at > late.at || mayOvertake(resident, early.line, late.line)) continue;
      const ways = `${late.line.via} at ${late.line.receivedAt}, ${early.line.via} at ${early.line.receivedAt}`;
      throw new Error(`'${late.line.text}' stands before '${early.line.text}' at ${name} (${ways})`);
    }
  });
}
