import { Failure } from '../base/errors.js';
import {
  loadOpaque,
  loginMalformed,
  OPAQUE_BYTES,
  type Opaque,
  opaqueBytes,
  opaqueIdentifiers,
  opaqueText,
  wrongCredentials,
} from './opaque.js';

/** A login under way, between its two messages. Kept in memory only. */
export interface PendingLogin {
  /** To the client: 320 bytes, for known and unknown names alike. */
  readonly response: Uint8Array;
  /**
   * @returns the session key, 64 bytes, that the client has too
   * @throws Failure credentials `wrong-credentials`, protocol `login-malformed`
   */
  finish(message: Uint8Array): Uint8Array;
}

/** The directory's side of OPAQUE. It learns no password, and holds nothing to guess one from without its setup. */
export class LoginServer {
  readonly #server: Opaque['server'];
  readonly #setup: string;
  readonly #directoryId: string;
  /** A well-formed first message, to try records with. */
  readonly #probe: Uint8Array;

  private constructor({ server, client }: Opaque, setup: string, directoryId: string) {
    this.#server = server;
    this.#setup = setup;
    this.#directoryId = directoryId;
    this.#probe = opaqueBytes(client.startLogin({ password: '' }).startLoginRequest);
  }

  /** A new secret, text; losing it makes every record worthless, so that everyone has to register again. */
  static async createSetup(): Promise<string> {
    return (await loadOpaque()).server.createSetup();
  }

  /** @throws Failure storage `login-setup` where the setup is not one of `createSetup` */
  static async open(setup: string, directoryId: string): Promise<LoginServer> {
    const opaque = await loadOpaque();
    try {
      opaque.server.getPublicKey(setup);
    } catch (error) {
      throw new Failure('login-setup', 'the secret of the login server is damaged', { cause: error });
    }
    return new LoginServer(opaque, setup, directoryId);
  }

  /** Answers the first message of a registration. @throws Failure protocol `login-malformed` */
  registrationResponse(folded: string, request: Uint8Array): Uint8Array {
    const registrationRequest = opaqueText(request, OPAQUE_BYTES.registrationRequest);
    return attempt(() => {
      const params = { serverSetup: this.#setup, userIdentifier: folded, registrationRequest };
      return opaqueBytes(this.#server.createRegistrationResponse(params).registrationResponse);
    });
  }

  /**
   * Answers the first message of a login.
   * @param record what the registration ended with; undefined for an unknown name, which costs and looks the same
   * @throws Failure protocol `login-malformed`
   */
  startLogin(folded: string, record: Uint8Array | undefined, request: Uint8Array): PendingLogin {
    const identifiers = opaqueIdentifiers({ directoryId: this.#directoryId, folded });
    const params = {
      serverSetup: this.#setup,
      userIdentifier: folded,
      registrationRecord: record === undefined ? undefined : opaqueText(record, OPAQUE_BYTES.record),
      startLoginRequest: opaqueText(request, OPAQUE_BYTES.loginRequest),
      identifiers,
    };
    const { serverLoginState, loginResponse } = attempt(() => this.#server.startLogin(params));
    return {
      response: opaqueBytes(loginResponse),
      finish: (message) => {
        const finishLoginRequest = opaqueText(message, OPAQUE_BYTES.loginFinish);
        try {
          const { sessionKey } = this.#server.finishLogin({ serverLoginState, finishLoginRequest, identifiers });
          return opaqueBytes(sessionKey);
        } catch (error) {
          throw wrongCredentials(error);
        }
      },
    };
  }

  /**
   * Judges the last message of a registration before it is stored: a record nobody could log in with would tell, by
   * another answer, that its name exists.
   * @throws Failure protocol `login-malformed`
   */
  assertRecord(folded: string, record: Uint8Array): void {
    this.startLogin(folded, record, this.#probe);
  }
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw loginMalformed(error);
  }
}
