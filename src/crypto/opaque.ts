import { base64url, fromBase64url } from '../base/bytes.js';
import { Failure } from '../base/errors.js';

/** What both ends of OPAQUE (RFC 9807, ristretto255, SHA-512, Argon2id) agree on, and the library's door. */

export type Opaque = typeof import('@serenity-kit/opaque');

let loading: Promise<Opaque> | undefined;

/** The library, a WebAssembly module, compiled when first asked for. */
export function loadOpaque(): Promise<Opaque> {
  loading ??= import('@serenity-kit/opaque').then(async (opaque) => {
    await opaque.ready;
    return opaque;
  });
  return loading;
}

/** Bytes of each message; every valid one has exactly these. */
export const OPAQUE_BYTES = {
  registrationRequest: 32,
  registrationResponse: 64,
  record: 192,
  loginRequest: 96,
  loginResponse: 320,
  loginFinish: 64,
} as const;

/**
 * Both parties' names, which the key exchange binds. The protocol's name stands in the server's, since the library has no
 * parameter for a context.
 */
export const opaqueIdentifiers = (account: { readonly directoryId: string; readonly folded: string }) => ({
  client: account.folded,
  server: `p2pchat/1 ${account.directoryId}`,
});

/** As the library takes them. @throws Failure protocol `login-malformed` where the length is another */
export function opaqueText(bytes: Uint8Array, length: number): string {
  if (bytes.length !== length) throw loginMalformed();
  return base64url(bytes);
}

export const opaqueBytes = (text: string): Uint8Array => fromBase64url(text);

export const loginMalformed = (cause?: unknown): Failure =>
  new Failure('login-malformed', 'a login message is malformed', { cause });

/** The same for a wrong name and a wrong password: nobody learns which names exist. */
export const wrongCredentials = (cause?: unknown): Failure =>
  new Failure('wrong-credentials', 'the user name or the password is wrong', { cause });
