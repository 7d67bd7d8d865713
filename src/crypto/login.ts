import { timingSafeEqual } from 'node:crypto';
import { concat } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { startThread } from '../base/package-files.js';
import { sha256 } from './hash.js';
import type { AccountName } from './identity.js';
import { derive, hmac } from './kdf.js';
import {
  loadOpaque,
  loginMalformed,
  OPAQUE_BYTES,
  opaqueBytes,
  opaqueIdentifiers,
  opaqueText,
  wrongCredentials,
} from './opaque.js';
import type { StretchAnswer, StretchTask } from './opaque-worker.js';
import { preparePassword } from './password.js';

/**
 * The client's side of OPAQUE: the password never leaves the device, not even hashed. What costs (Argon2id, 64 MiB, some
 * 150 ms) runs in a thread of its own, which ends with the task and takes its memory along.
 */

/** A registration or login between its two messages. */
export interface PendingRegistration {
  readonly request: Uint8Array;
  readonly state: string;
}
export type PendingClientLogin = PendingRegistration;

/** Secret bytes only this client has: stable for an account and password, whatever the session. */
type ExportKey = Uint8Array;

export async function startRegistration(password: string): Promise<PendingRegistration> {
  const { client } = await loadOpaque();
  const { clientRegistrationState, registrationRequest } = client.startRegistration({
    password: preparePassword(password),
  });
  return { request: opaqueBytes(registrationRequest), state: clientRegistrationState };
}

/**
 * @returns the record for the directory to keep (192 bytes), and the export key (64 bytes)
 * @throws Failure protocol `login-malformed`
 */
export async function finishRegistration(
  pending: PendingRegistration,
  { account, password, response }: FinishInit,
): Promise<{ record: Uint8Array; exportKey: ExportKey }> {
  const answer = await stretch({
    kind: 'registration',
    params: {
      clientRegistrationState: pending.state,
      registrationResponse: opaqueText(response, OPAQUE_BYTES.registrationResponse),
      password: preparePassword(password),
      identifiers: opaqueIdentifiers(account),
    },
  });
  if (answer.kind !== 'registration') throw loginMalformed();
  return { record: opaqueBytes(answer.result.registrationRecord), exportKey: opaqueBytes(answer.result.exportKey) };
}

export async function startLogin(password: string): Promise<PendingClientLogin> {
  const { client } = await loadOpaque();
  const { clientLoginState, startLoginRequest } = client.startLogin({ password: preparePassword(password) });
  return { request: opaqueBytes(startLoginRequest), state: clientLoginState };
}

/**
 * @returns the last message for the directory, the session key both have now, and the export key (64 bytes each)
 * @throws Failure credentials `wrong-credentials`, protocol `login-malformed`
 */
export async function finishLogin(
  pending: PendingClientLogin,
  { account, password, response }: FinishInit,
): Promise<{ message: Uint8Array; sessionKey: Uint8Array; exportKey: ExportKey }> {
  const answer = await stretch({
    kind: 'login',
    params: {
      clientLoginState: pending.state,
      loginResponse: opaqueText(response, OPAQUE_BYTES.loginResponse),
      password: preparePassword(password),
      identifiers: opaqueIdentifiers(account),
    },
  });
  if (answer.kind === 'refused') throw wrongCredentials();
  if (answer.kind !== 'login') throw loginMalformed();
  const { finishLoginRequest, sessionKey, exportKey } = answer.result;
  return {
    message: opaqueBytes(finishLoginRequest),
    sessionKey: opaqueBytes(sessionKey),
    exportKey: opaqueBytes(exportKey),
  };
}

interface FinishInit {
  readonly account: AccountName;
  readonly password: string;
  readonly response: Uint8Array;
}

/** Settles when the thread has ended, so that nothing of it outlives the call. */
function stretch(task: StretchTask): Promise<StretchAnswer> {
  return new Promise((resolve, reject) => {
    const worker = startThread('opaque-worker');
    let answer: StretchAnswer | undefined;
    worker.once('message', (message: StretchAnswer) => {
      answer = message;
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (answer !== undefined) resolve(answer);
      else reject(new Failure('login-thread', `the login thread ended with status ${code}`));
    });
    worker.postMessage(task);
  });
}

// --- Enrolment ---

/**
 * Binds a finished login to this very channel and this very request: whoever relays the login to another channel, or
 * swaps the request, has no proof. 32 bytes.
 * @param exporter the channel's exported keying material (tls.ts, enrolExporter)
 */
export const enrolProof = (sessionKey: Uint8Array, exporter: Uint8Array, csr: Uint8Array): Uint8Array =>
  hmac(derive(sessionKey, 'p2pchat/1 enrol'), concat(sha256(exporter), sha256(csr)));

/** In constant time. @throws Failure credentials `enrol-proof` */
export function assertEnrolProof(
  proof: Uint8Array,
  sessionKey: Uint8Array,
  exporter: Uint8Array,
  csr: Uint8Array,
): void {
  const expected = enrolProof(sessionKey, exporter, csr);
  if (proof.length === expected.length && timingSafeEqual(proof, expected)) return;
  throw new Failure('enrol-proof');
}
