/** A line of a direct conversation as far as its place is concerned. */
export interface Placed {
  readonly id: string;
  /** What its author says of its place, else when it was written. */
  readonly at: number;
}

/**
 * The lines of two devices in one order that keeps both of theirs: what both have stands where it stands here, and what
 * one alone has between the same two of those goes by when its author wrote it.
 */
export function mergedOrder(here: readonly Placed[], there: readonly Placed[]): Placed[] {
  const places = new Map(here.map(({ id }, at) => [id, at]));
  const merged: Placed[] = [];
  let at = 0;
  let strangers: Placed[] = [];
  const upTo = (end: number): void => {
    merged.push(...interleaved(here.slice(at, end), strangers));
    strangers = [];
    at = end;
  };
  for (const line of there) {
    const place = places.get(line.id);
    if (place === undefined) strangers.push(line);
    else if (place >= at) {
      upTo(place);
      merged.push(here[place]!);
      at = place + 1;
    }
  }
  upTo(here.length);
  return merged;
}

function interleaved(ours: readonly Placed[], theirs: readonly Placed[]): Placed[] {
  const merged: Placed[] = [];
  let next = 0;
  for (const line of ours) {
    while (next < theirs.length && isBefore(theirs[next]!, line)) merged.push(theirs[next++]!);
    merged.push(line);
  }
  return [...merged, ...theirs.slice(next)];
}

const isBefore = (one: Placed, other: Placed): boolean =>
  one.at < other.at || (one.at === other.at && one.id < other.id);
