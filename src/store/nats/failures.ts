import { JetStreamApiError } from '@nats-io/jetstream';
import { errors, RequestError } from '@nats-io/transport-node';
import { Failure } from '../../base/errors.js';
import { diskFull } from '../failures.js';

/** Error codes of JetStream's API that decide what is done next (nats-server, server/errors.json). */
const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10_071, 10_164]);
const NO_ROOM: ReadonlySet<number> = new Set([10_023, 10_028, 10_047, 10_077]);
const MOVING: ReadonlySet<number> = new Set([10_005, 10_008, 10_009, 10_118]);
const ALONE = 10_074;
const NOT_FOUND: ReadonlySet<number> = new Set([10_059]);

const codeOf = (error: unknown): number => (error instanceof JetStreamApiError ? (error.apiError().err_code ?? 0) : 0);

export const isWrongSequence = (error: unknown): boolean => WRONG_LAST_SEQUENCE.has(codeOf(error));
export const isReplicasUnsupported = (error: unknown): boolean => codeOf(error) === ALONE;
export const isNotFound = (error: unknown): boolean => NOT_FOUND.has(codeOf(error));

/** Whether asking again may end otherwise: no answer came, or the cluster is choosing a leader. */
export const isPassing = (error: unknown): boolean =>
  MOVING.has(codeOf(error)) ||
  (error instanceof JetStreamApiError && error.apiError().code === 503) ||
  // What `publish` makes of no answer at all; its class is not exported.
  (error instanceof Error && error.name === 'JetStreamNotEnabled') ||
  error instanceof errors.TimeoutError ||
  error instanceof errors.NoRespondersError ||
  (error instanceof RequestError && (error.isNoResponders() || error.cause instanceof errors.TimeoutError)) ||
  error instanceof errors.ConnectionError;

/** What is told where the cluster refused or could not be reached. */
export function explain(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (NO_ROOM.has(codeOf(error))) return diskFull(error);
  return unavailable(error);
}

export const unavailable = (cause: unknown): Failure =>
  new Failure('store-unavailable', `The NATS servers do not answer as they should: ${reasonOf(cause)}.`, {
    hint: 'Check that most of them run and reach each other; what was asked may or may not have been done.',
    cause,
  });

export const unreachable = (servers: string, cause: unknown): Failure =>
  new Failure('store-unreachable', `No NATS server can be used at ${servers}: ${reasonOf(cause)}.`, {
    hint: 'Check the addresses, that the servers run, and the files given for credentials and TLS.',
    cause,
  });

export const misconfigured = (what: string, hint: string): Failure => new Failure('store-servers', what, { hint });

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
