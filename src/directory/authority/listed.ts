import type { RevokedRow } from '../rows.js';

/** A certificate that was revoked. */
export interface Revoked extends RevokedRow {
  readonly serial: string;
}

/**
 * Who is on the list where not all find room: first whom the staff has banned; then each account's first, then each
 * account's second, and so on, so that nobody pushes others out by having many; among equals the device that has been
 * here longest, because whoever floods the list does so with new ones.
 */
export function chooseListed(revoked: Iterable<Revoked>, room: number): { listed: Revoked[]; left: number } {
  const all = [...revoked];
  if (all.length <= room) return { listed: all, left: 0 };
  const bySeniority = all.sort((a, b) => (a.since ?? 0) - (b.since ?? 0) || a.at - b.at);
  const seen = new Map<string, number>();
  const ranked = bySeniority.map((entry) => {
    if (entry.by === 'staff' || entry.user === undefined) return { entry, rank: 0 };
    const rank = (seen.get(entry.user) ?? 0) + 1;
    seen.set(entry.user, rank);
    return { entry, rank };
  });
  // Stable: seniority stays the order among those of one rank.
  ranked.sort((a, b) => a.rank - b.rank);
  return { listed: ranked.slice(0, room).map(({ entry }) => entry), left: all.length - room };
}
