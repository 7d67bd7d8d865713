import { fromBase64url, fromUtf8 } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { type VisitMethods, visitMethods } from '../../wire/guests.js';
import type { MethodName, Params, Result } from '../../wire/rpc.js';
import { parse } from '../../wire/schema.js';
import { addressKey } from '../guard/address.js';
import { VISIT_REQUESTS } from '../permissions.js';
import { dispatch, type Handlers } from '../requests/dispatch.js';
import type { Services } from '../services.js';

/** One request of a browser, read whole. */
export interface GuestRequest {
  readonly method: string;
  /** Behind `/g/`, by segments. */
  readonly path: readonly string[];
  /** As the `authorization` header has it. */
  readonly access: string;
  /** What came with it. */
  readonly body: Uint8Array;
  /** Of the guest, or as the proxy before this says. */
  readonly address: string;
}

type Answer = Result<VisitMethods, MethodName<VisitMethods>>;

const handlers: Handlers<VisitMethods, Services> = {
  'guest.open': (core, proven) => core.visits.open(proven),
  'guest.visit': async (core, { visit, ...proven }) => {
    await core.visits.begin(proven, visit);
    return {};
  },
  'guest.get': async (core, { visit, block, ...proven }) => {
    const sealed = await core.visits.get(proven, visit, block);
    core.meter.downloaded(sealed.length);
    return { sealed };
  },
  'guest.drop': async (core, { visit, size, enc, head, ...proven }) => ({
    have: await core.visits.drop(proven, visit, { size, enc, head }),
  }),
  'guest.put': async (core, { visit, block, sealed, ...proven }) => {
    await core.visits.put(proven, visit, block, sealed);
    core.meter.uploaded(sealed.length);
    return {};
  },
  'guest.look': async (core, { visit, ...proven }) => ({ state: await core.visits.look(proven, visit) }),
  'guest.done': async (core, { visit, ...proven }) => {
    await core.visits.done(proven, visit);
    return {};
  },
};

/** What a path and its verb ask for: `/g/LINK`, `/g/LINK/VISIT`, `/g/LINK/VISIT/BLOCK`. */
const ROUTES: Readonly<Record<string, MethodName<VisitMethods>>> = {
  'GET 1': 'guest.open',
  'POST 2': 'guest.visit',
  'PUT 2': 'guest.drop',
  'GET 2': 'guest.look',
  'PUT 3': 'guest.put',
  'GET 3': 'guest.get',
  'POST 3': 'guest.done',
};

/** @throws Failure usage 'guest-request' */
function methodOf({ method, path }: GuestRequest): MethodName<VisitMethods> {
  const found = ROUTES[`${method} ${path.length}`];
  if (found === undefined || (found === 'guest.done' && path[2] !== 'done')) throw new Failure('guest-request');
  return found;
}

/** The words of a request as its schema takes them. @throws Failure 'malformed' */
function paramsOf(
  method: MethodName<VisitMethods>,
  { path, access, body }: GuestRequest,
): Params<VisitMethods, typeof method> {
  const [link = '', visit = '', block = ''] = path;
  const given = {
    ...{ link: fromBase64url(link), visit: fromBase64url(visit), access: fromBase64url(access) },
    ...(method === 'guest.drop' && dropOf(body)),
    ...(method === 'guest.put' && { sealed: body }),
    block: /^\d{1,9}$/.test(block) ? Number(block) : -1,
  };
  return parse(visitMethods[method].params, given) as Params<VisitMethods, typeof method>;
}

/** `{size, enc, head}` in JSON. @throws Failure usage 'guest-request' */
function dropOf(body: Uint8Array): object {
  try {
    const { size, enc, head } = JSON.parse(fromUtf8(body)) as Record<string, unknown>;
    return { size, enc: fromBase64url(String(enc)), head: fromBase64url(String(head)) };
  } catch (cause) {
    throw new Failure('guest-request', undefined, { cause });
  }
}

/** @throws Failure as the handlers, limit 'rate-limited' */
export async function serveGuest(core: Services, request: GuestRequest): Promise<Answer> {
  const method = methodOf(request);
  const params = paramsOf(method, request);
  const { cost } = VISIT_REQUESTS[method];
  return dispatch<VisitMethods, Services, typeof method>(core, visitMethods, handlers, {
    ...{ context: core, method, params },
    caller: () => ({ address: request.address }),
    admit: () => {},
    spend: () => core.budgets.guests.spend(addressKey(request.address), cost),
  });
}
