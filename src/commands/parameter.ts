interface ParameterBase {
  /** What it is, for the help; of a secret, what it is asked for by. */
  readonly about: string;
  readonly optional?: true;
  /** Given as `--name` wherever words are given, instead of by its place. */
  readonly flag?: true;
}

export type Parameter = ParameterBase &
  (
    | {
        readonly type:
          | 'user'
          | 'conversation'
          | 'group'
          /** The rest of the line as it stands. */
          | 'text'
          /** One or more words, joined by a space. */
          | 'words'
          /** One word as it stands. */
          | 'word'
          /** A file or folder here; several of them take the rest of the line. Whole paths from then on. */
          | 'path'
          | 'paths'
          /** Bytes per second, as `50MB/s`. */
          | 'rate'
          /** Milliseconds, as `1ms`. */
          | 'delay'
          | 'command';
      }
    /** Never among the words of a line or of argv: the face asks for it; twice, where it is new. */
    | {
        readonly type: 'secret';
        readonly twice?: true;
        /** In the shell: the option that names a file with it; `password-file` by default. */
        readonly file?: string;
        /** Wanted only where another argument, which comes before it, is one of these. */
        readonly when?: Readonly<Record<string, readonly string[]>>;
      }
    | {
        readonly type:
          | 'count'
          /** `30`, `30s`, `5m`, `1h`, `7d`: seconds. */
          | 'seconds'
          /** The same, or `off`, which is 0. */
          | 'lifetime'
          /** A day or time as `momentOf` reads it. */
          | 'time'
          /** Bytes, as `100MB`, or `none`. */
          | 'size'
          | 'switch';
      }
    | { readonly type: 'choice'; readonly choices: readonly string[]; readonly fallback?: string }
  );

export type Parameters = Readonly<Record<string, Parameter>>;

type ValueOf<P extends Parameter> = P extends { type: 'choice'; choices: readonly (infer C)[] }
  ? C
  : P extends { type: 'count' | 'seconds' | 'lifetime' | 'time' | 'size' | 'rate' | 'delay' }
    ? number
    : P extends { type: 'switch' }
      ? boolean
      : P extends { type: 'paths' }
        ? readonly string[]
        : string;

type Always<P extends Parameters> = {
  [K in keyof P]: P[K] extends { optional: true } ? (P[K] extends { fallback: string } ? K : never) : K;
}[keyof P];

/** The arguments of a command as its handler gets them. */
export type Values<P extends Parameters> = { readonly [K in Always<P>]: ValueOf<P[K]> } & {
  readonly [K in Exclude<keyof P, Always<P>>]?: ValueOf<P[K]>;
};
