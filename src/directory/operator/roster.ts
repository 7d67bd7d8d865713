import { timestamp } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import { foldName } from '../../wire/names.js';
import { type ConsoleItem, item } from '../console/item.js';
import type { Directory } from '../directory.js';
import { ROSTER_PEOPLE } from '../limits.js';

/** One line of a roster, as it was read. */
export interface RosterPerson {
  /** Of the file, for what there is to say of it. */
  readonly line: number;
  readonly name: string;
  readonly group?: string;
}

/**
 * Makes a join code for each, once nothing speaks against any of them.
 * @throws Failure usage 'roster-refused', with a line for each that can't be made; denied 'registration-closed'
 */
export async function makeRoster(
  directory: Directory,
  people: readonly RosterPerson[],
  lifetimeMs: number,
): Promise<readonly ConsoleItem[]> {
  const { core } = directory.site;
  if (core.ownership.registration === 'closed') throw new Failure('registration-closed');
  if (people.length > ROSTER_PEOPLE) throw refused([`At most ${ROSTER_PEOPLE} people at a time.`]);
  const groups = new Map<string, string | undefined>();
  const problems: string[] = [];
  for (const { line, name, group } of people) {
    const why = await core.accounts.assertFree(name).then(() => undefined, toFailure);
    if (why !== undefined) problems.push(`Line ${line}: ${name}: ${why.message} ${why.hint}`);
    if (group === undefined) continue;
    const folded = foldName(group);
    if (!groups.has(folded)) groups.set(folded, await openGroup(directory, group));
    if (groups.get(folded) !== undefined) continue;
    problems.push(
      `Line ${line}: there is no open group #${group}. Make it first; into a group by invitation its members ask people.`,
    );
  }
  if (problems.length > 0) throw refused(problems);
  const wanted = people.map(({ name, group }) => ({ name, ...(group && { group: groups.get(foldName(group)) }) }));
  const { codes, expiresAt } = await core.joinCodes.create(wanted, lifetimeMs);
  directory.log.info('join codes made', { codes: codes.length });
  return codes.map((code, at) => {
    const { name, group } = wanted[at]!;
    const json = { event: 'join-code', name, code, ...(group !== undefined && { group }), link: directory.link };
    return item({ ...json, expiresAt: timestamp(expiresAt) }, `${name}: ${code}`);
  });
}

async function openGroup({ site }: Directory, name: string): Promise<string | undefined> {
  const { namedGroups } = site.core;
  const found = await namedGroups.find(name).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.group === undefined) return found.name;
  const { roster } = await namedGroups.need(found.group);
  return roster.kind === 'open' ? found.name : undefined;
}

/** As many as one reads at once. */
const SHOWN = 5;

function refused(problems: readonly string[]): Failure {
  const more = problems.length > SHOWN ? ` And ${problems.length - SHOWN} more.` : '';
  return new Failure('roster-refused', `${problems.slice(0, SHOWN).join(' ')}${more}`);
}
