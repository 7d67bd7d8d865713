import type { Readable, Writable } from 'node:stream';
import { type Details, Failure, toFailure } from '../base/errors.js';
import { jsonLine } from '../base/json-line.js';

/**
 * JSON-RPC 2.0, one message a line. Failures travel in `error.data`, so that both ends of the socket meet the same
 * code, hint and exit status.
 */

/** By name, or by place. */
export type Params = Readonly<Record<string, unknown>> | readonly unknown[];
export type NamedParams = Readonly<Record<string, unknown>>;
export type Id = number | string | null;

export interface Request {
  /** Absent where no answer is wanted. */
  readonly id?: Id;
  readonly method: string;
  readonly params: Params;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: {
    readonly reason: string;
    readonly code: string;
    readonly hint: string;
    /** The status a shell command ends with that fails so. */
    readonly exit: number;
    readonly details?: Details | undefined;
  };
}

/** A line longer than this is no message of ours. */
const LINE_BYTES = 8 << 20;
/** Requests in one batch. */
const BATCH_REQUESTS = 1_000;

export const PARSE_ERROR: RpcError = { code: -32_700, message: 'This is not JSON.' };
const INVALID_REQUEST: RpcError = { code: -32_600, message: 'This is not a JSON-RPC 2.0 request.' };
export const TOO_LONG: RpcError = { code: -32_600, message: `A line is longer than ${LINE_BYTES} bytes.` };
const TOO_MANY: RpcError = { code: -32_600, message: `A batch has more than ${BATCH_REQUESTS} requests.` };
const METHOD_UNKNOWN = -32_601;
const INVALID_PARAMS = -32_602;
const INTERNAL = -32_603;
/** Less the exit status: -32003 is a wrong password, as status 3 is for a shell. */
const APPLICATION = -32_000;

/** JSON-RPC's own numbers where it has one; else one for each exit status. */
function numberOf({ code, reason, exit }: Failure): number {
  if (code === 'method-unknown') return METHOD_UNKNOWN;
  if (reason === 'usage') return INVALID_PARAMS;
  return reason === 'internal' ? INTERNAL : APPLICATION - exit;
}

export function toRpcError(error: unknown): RpcError {
  const failure = toFailure(error);
  const { message, ...plain } = failure.plain;
  return { code: numberOf(failure), message, data: { ...plain, exit: failure.exit } };
}

export function fromRpcError({ message, data }: RpcError): Failure {
  if (data === undefined) return new Failure('rpc', message);
  return Failure.from({ ...data, message });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is Id => typeof value === 'number' || typeof value === 'string' || value === null;

/** What is wrong with something that was meant as a request; `id` where it could be read. */
export interface Refused {
  readonly id: Id;
  readonly error: RpcError;
}

function requestOf(value: unknown): Request | Refused {
  if (!isObject(value)) return { id: null, error: INVALID_REQUEST };
  const { id, method, params = {} } = value;
  const known = isId(id) ? id : null;
  const wellFormed =
    value.jsonrpc === '2.0' &&
    typeof method === 'string' &&
    (id === undefined || isId(id)) &&
    (isObject(params) || Array.isArray(params));
  if (!wellFormed) return { id: known, error: INVALID_REQUEST };
  return { ...(id !== undefined && { id: known }), method, params: params as Params };
}

/** One request, or a batch of them: as its sender meant it, or what is wrong with it. */
export function readLine(line: string): Request | Refused | readonly (Request | Refused)[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { id: null, error: PARSE_ERROR };
  }
  if (!Array.isArray(value)) return requestOf(value);
  if (value.length === 0) return { id: null, error: INVALID_REQUEST };
  return value.length > BATCH_REQUESTS ? { id: null, error: TOO_MANY } : value.map(requestOf);
}

/** A message as it stands on its line. */
export const message = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  jsonrpc: '2.0',
  ...fields,
});

/** A message as the bytes of its line. */
export const lineOf = (line: object): Uint8Array => Buffer.from(`${jsonLine(line)}\n`);

/** One line to the other side; resolves when it takes more. */
export function write(output: Writable, line: object): Promise<void> {
  if (output.destroyed || output.writableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    output.write(`${jsonLine(line)}\n`, () => resolve());
  });
}

/** Calls `take` for every line; `tooLong` once for each that is longer than it may be, which is passed over. */
export function onLines(input: Readable, take: (line: string) => void, tooLong: () => void): void {
  let held = '';
  let passingOver = false;
  input.setEncoding('utf8');
  input.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop()!;
    for (const line of lines) {
      if (!passingOver && line.trim() !== '') take(line);
      passingOver = false;
    }
    if (held.length <= LINE_BYTES) return;
    if (!passingOver) tooLong();
    passingOver = true;
    held = '';
  });
}
