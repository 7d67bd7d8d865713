import assert from 'node:assert/strict';
import type { HistoryMessage } from '../../src/peer/api/peer.js';
import { haveAll, inTown, Life, linesOf, type Said } from './life.js';
import { misfortune } from './misfortune.js';
import type { Resident } from './resident.js';
import { type Make, type Plan, SimulatedTown } from './town.js';

/** Two people with two devices each, who have written to each other before. */
export const twoPeople = (): Promise<Make> => writing({ ada: 2, bob: 2 });

export const threeDevices = (): Promise<Make> => writing({ ada: 1, bob: 2 });

const writing = (people: Plan['people']): Promise<Make> =>
  SimulatedTown.planned({
    people,
    async prepare(town) {
      await town.done('the first line', town.find('ada').peer!.send('bob', 'the first line'));
    },
  });

const BETWEEN_MS = 4_000;

/** All write while things go wrong; then every line is on all devices, once, in the order in which each device said its own. */
export const delivery = (make: Make, seed: string, steps = 24): Promise<string> =>
  inTown(make, seed, async (town) => {
    const life = new Life(town);
    await life.goesOn(
      steps,
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
    await town.until('the last lines are kept', () => last.every(({ acknowledged }) => acknowledged));
    const wanted = life.said.filter(({ acknowledged }) => acknowledged).map(({ text }) => text);
    await haveAll(town, town.residents, wanted, conversationOf);
    // What would come twice has come.
    await town.pass(20_000);
    const all = await Promise.all(town.residents.map((resident) => saidTo(town, resident)));
    for (const [at, resident] of town.residents.entries()) judge(resident, all[at]!, all[0]!, life.said);
  });

/** What is kept at the directory can't be read before that is reached: what comes straight meanwhile goes before it. */
function mayOvertake(resident: Resident, early: HistoryMessage, late: HistoryMessage): boolean {
  return early.via === 'mailbox' && late.via !== 'mailbox' && resident.wasOffline(Date.parse(late.receivedAt));
}

const otherOf = ({ installation: { user } }: Resident): string => (user === 'ada' ? 'bob' : 'ada');
const conversationOf = (resident: Resident): string => `@${otherOf(resident)}`;

async function saidTo(town: SimulatedTown, resident: Resident): Promise<HistoryMessage[]> {
  const lines = await linesOf(town, resident, conversationOf(resident));
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
