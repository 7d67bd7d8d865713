import { toFailure } from '../../base/errors.js';
import type { PathTry } from '../api/paths.js';

const REFUSED = 'ECONNREFUSED';
const NO_ROUTE = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** What became of dialling one address. */
export function resultOf(error: unknown): PathTry['result'] {
  const { reason, cause } = toFailure(error);
  const code = ((cause ?? error) as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === REFUSED) return 'refused';
  if (NO_ROUTE.has(code)) return 'no route';
  return reason === 'trust' ? 'somebody else' : 'no answer';
}
