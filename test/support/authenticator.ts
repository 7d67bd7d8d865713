import { Secret, TOTP } from 'otpauth';

const STEP_MS = 30_000;

/** The code at a time, milliseconds since 1970: SHA-1, six digits, half a minute, which the library takes for granted as apps do. */
export const totpCode = (secret: Uint8Array, at: number): string =>
  TOTP.generate({ secret: new Secret({ buffer: Uint8Array.from(secret).buffer }), timestamp: at });

/** An authenticator app: its codes in order, none twice. */
export class Authenticator {
  readonly #secret: Uint8Array;
  readonly #now: () => number;
  #last = 0;

  constructor(secret: Uint8Array | string, now: () => number = Date.now) {
    this.#secret = typeof secret === 'string' ? Secret.fromBase32(secret).bytes : secret;
    this.#now = now;
  }

  /**
   * A code that was not given before. It is good however long the caller takes to show it, up to half a minute; but real
   * time has room for two only until the next step comes.
   */
  next(): string {
    const current = Math.floor(this.#now() / STEP_MS);
    this.#last = Math.max(current, this.#last + 1);
    if (this.#last > current + 1) throw new Error('too many codes at once: use a recovery code');
    return totpCode(this.#secret, this.#last * STEP_MS);
  }

  /** The one that was given last. */
  again(): string {
    return totpCode(this.#secret, this.#last * STEP_MS);
  }

  /** Right for no step near now. */
  wrong(): string {
    const near = new Set([-2, -1, 0, 1, 2, 3].map((off) => totpCode(this.#secret, this.#now() + off * STEP_MS)));
    const codes = Array.from({ length: 10 }, (_, at) => String(at).repeat(6));
    return codes.find((code) => !near.has(code))!;
  }
}
