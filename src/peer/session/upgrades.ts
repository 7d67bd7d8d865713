import { compareVersions, versionSaid } from '../../wire/agent.js';
import { foldName } from '../../wire/names.js';
import { UPGRADE_VOICES, type UpgradeRow } from '../storage/upgrade-row.js';

/**
 * Whether to say that a newer p2pchat is out, without asking anybody: from what directories and peers say they are. A
 * directory and one's own devices are believed; of other people two have to say it, so that one who lies is heard by
 * nobody. It is said once a week at most, and three times of one version: who lies with others comes to an end too, and
 * hides no version that is true. docs/decisions/227-….
 */

const WEEK_MS = 7 * 24 * 3_600_000;
const TIMES = 3;

export const NO_VOICES: UpgradeRow = { voices: [], told: [], toldAt: 0 };

/** Who speaks: the directory, or a device of a person. */
export const DIRECTORY = '';

/** What is known once somebody has said what they are; the same row where that is nothing new. */
export function heard(row: UpgradeRow, user: string, agent: string | undefined): UpgradeRow {
  const version = versionSaid(agent);
  const who = foldName(user);
  if (version === undefined || row.voices.some((voice) => voice.who === who && voice.version === version)) return row;
  const others = row.voices.filter((voice) => voice.who !== who);
  return { ...row, voices: [...others, { who, version }].slice(-UPGRADE_VOICES) };
}

/** @param own the version that this is @param self whose device this is @returns what to say, if anything is due */
export function due(row: UpgradeRow, own: string, self: string, now: number): string | undefined {
  // A clock that was set back makes nobody wait for longer.
  if (now >= row.toldAt && now - row.toldAt < WEEK_MS) return undefined;
  const newer = row.voices.filter(({ version }) => compareVersions(version, own) > 0);
  const trusted = newer.filter(({ who }) => who === DIRECTORY || who === foldName(self));
  const latestFirst = (versions: readonly { version: string }[]): string[] =>
    versions.map(({ version }) => version).sort((one, other) => compareVersions(other, one));
  const strangers = newer.filter((voice) => !trusted.includes(voice));
  // What the second of them says is said by two: the other one says that or more.
  const believed = [...latestFirst(trusted), ...latestFirst(strangers).slice(1)];
  const told = (version: string): number => row.told.find((each) => each.version === version)?.times ?? 0;
  return latestFirst(believed.map((version) => ({ version }))).find((version) => told(version) < TIMES);
}

export function told(row: UpgradeRow, version: string, now: number): UpgradeRow {
  const times = (row.told.find((each) => each.version === version)?.times ?? 0) + 1;
  const others = row.told.filter((each) => each.version !== version);
  return { ...row, told: [...others, { version, times }].slice(-UPGRADE_VOICES), toldAt: now };
}
