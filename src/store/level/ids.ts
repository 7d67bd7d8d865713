import { ordered, unordered } from '../keys.js';

/**
 * Where things lie in LevelDB's one ordered space: kind, space, name and position, with NUL between, which sorts before
 * everything that the parts may hold.
 */
export const ids = {
  record: (space: string, key: string): string => `r\0${space}\0${key}`,
  entry: (space: string, log: string, position: number): string => `l\0${space}\0${log}\0${ordered(position)}`,
  /** Above every entry of the log. */
  afterEntries: (space: string, log: string): string => `l\0${space}\0${log}\0\x7f`,
  /** The record of a log's ends. */
  ends: (space: string, log: string): string => `e\0${space}\0${log}`,
  blob: (space: string, key: string): string => `b\0${space}\0${key}`,
  meta: (name: string): string => `m\0${name}`,
};

export type Kind = 'r' | 'l' | 'e' | 'b' | 'm';

export interface ParsedId {
  readonly kind: Kind;
  readonly space: string;
  readonly name: string;
  /** Of a log entry. */
  readonly position?: number;
}

/** Undefined for what none of the above makes. */
export function parseId(id: string): ParsedId | undefined {
  const [kind, space, name, position, ...rest] = id.split('\0');
  if (space === undefined || rest.length > 0) return undefined;
  if (kind === 'm') return name === undefined ? { kind, space: '', name: space } : undefined;
  if (name === undefined) return undefined;
  if (kind === 'l') return position === undefined ? undefined : { kind, space, name, position: unordered(position) };
  if (kind !== 'r' && kind !== 'e' && kind !== 'b') return undefined;
  return position === undefined ? { kind, space, name } : undefined;
}

export const spaceOf = (id: string): string => id.split('\0')[1] ?? '';

/** The last part of an id: the key of a record, the name of a log. */
export const lastPart = (id: string): string => id.slice(id.lastIndexOf('\0') + 1);
