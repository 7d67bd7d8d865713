/**
 * Keys as NATS subjects: one token for each segment, so that a prefix which ends in `/` is a wildcard the servers filter
 * by. Characters that a token cannot hold, and those that tools for key-value buckets refuse, are `=` and two hexadecimal
 * digits; an empty segment is a lone `=`.
 */

export function subjectOf(key: string): string {
  return key.split('/').map(tokenOf).join('.');
}

export function keyOf(subject: string): string {
  return subject.split('.').map(segmentOf).join('/');
}

/** What to filter by for keys with this prefix; some that match may not have it. */
export function filterFor(prefix: string): string {
  const end = prefix.lastIndexOf('/');
  return end < 0 ? '>' : `${subjectOf(prefix.slice(0, end))}.>`;
}

/** The name of a space as one token. */
export const tokenOf = (segment: string): string =>
  segment === ''
    ? '='
    : segment.replace(
        /[^A-Za-z0-9_-]/g,
        (character) => `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      );

export const segmentOf = (token: string): string =>
  token === '='
    ? ''
    : token.replace(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
