import type { Socket } from 'node:net';
import { Failure, isReason, toFailure } from '../../base/errors.js';

/**
 * JSON-RPC 2.0, one message a line. Failures travel in `error.data`, so that both ends of the socket meet the same
 * code, hint and exit status.
 */

export type Params = Readonly<Record<string, unknown>>;

export interface Request {
  readonly id: number | string;
  readonly method: string;
  readonly params: Params;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: { reason: string; code: string; hint: string; details?: Record<string, string | number | boolean> };
}

/** A line longer than this is no message of ours. */
const LINE_BYTES = 8 << 20;

export const PARSE_ERROR: RpcError = { code: -32_700, message: 'This is not JSON.' };
export const INVALID_REQUEST: RpcError = { code: -32_600, message: 'This is not a JSON-RPC 2.0 request.' };
const APPLICATION = -32_000;
const METHOD_UNKNOWN = -32_601;

export function toRpcError(error: unknown): RpcError {
  const { reason, code, message, hint, details } = toFailure(error);
  return {
    code: code === 'method-unknown' ? METHOD_UNKNOWN : APPLICATION,
    message,
    data: { reason, code, hint, ...(Object.keys(details).length > 0 && { details: { ...details } }) },
  };
}

export function fromRpcError({ message, data }: RpcError): Failure {
  if (data === undefined) return new Failure('protocol', 'rpc', message);
  return new Failure(isReason(data.reason) ? data.reason : 'internal', data.code, message, {
    hint: data.hint,
    ...(data.details && { details: data.details }),
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A request as its sender meant it, or what is wrong with it. */
export function readRequest(line: string): Request | RpcError {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return PARSE_ERROR;
  }
  if (!isObject(value) || value.jsonrpc !== '2.0' || typeof value.method !== 'string') return INVALID_REQUEST;
  const { id, method, params = {} } = value;
  if (typeof id !== 'number' && typeof id !== 'string') return INVALID_REQUEST;
  return isObject(params) ? { id, method, params } : INVALID_REQUEST;
}

/** One message to the other side; resolves when the socket takes more. */
export function write(socket: Socket, message: Readonly<Record<string, unknown>>): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  const room = socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  if (room) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** Calls `take` for every line; a line without end ends the socket. */
export function onLines(socket: Socket, take: (line: string) => void): void {
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n');
    held = lines.pop()!;
    if (held.length > LINE_BYTES) socket.destroy();
    for (const line of lines) if (line.trim() !== '') take(line);
  });
}
