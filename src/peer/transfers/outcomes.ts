import { Failure } from '../../base/errors.js';
import { cleanLine } from '../../wire/text.js';

/** How the end of a transfer on one side is told to the other. */

const CANCELLED = 'transfer-cancelled';

/** Of failures whose own words name places on this disk. */
const TOLD: Readonly<Record<string, string>> = {
  'disk-full': 'the disk there is full',
  'disk-failed': 'the disk there failed',
  'source-changed': 'a file has changed since it was offered',
  'folder-changed': 'the folder there was changed meanwhile',
  'deposit-damaged': 'what was laid down at the directory is damaged',
  'deposit-expired': 'nobody fetched it in time',
  'deposit-gone': 'what was laid down is not at the directory',
  'unsafe-name': 'a name in it is not safe on a disk',
};

/** Called off by a person: for good, where what only failed may be tried once more. */
export const isCalledOff = (failure: { readonly code: string } | undefined): boolean => failure?.code === CANCELLED;

/** The reason that goes with `cancel`; none where a person called it off, which is how the two are told apart. */
export const reasonOf = ({ code }: { readonly code: string }): string | undefined =>
  code === CANCELLED ? undefined : (TOLD[code] ?? 'it failed there');

const HERE = 'it was cancelled here';

export const cancelledHere = (): Failure => new Failure(CANCELLED, HERE);

/** Whoever has this device called it off, and knows. */
export const isOwnDeed = (failure: { readonly message: string } | undefined): boolean => failure?.message === HERE;

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${cleanLine(reason)}`);

export const declined = (reason: string | undefined): Failure =>
  new Failure('transfer-declined', `it was declined${because(reason)}`);

export const calledOff = (reason: string | undefined): Failure =>
  reason === undefined
    ? new Failure(CANCELLED, 'the other side called it off')
    : new Failure('transfer-failed', `the other side could not go on${because(reason)}`);

export const elsewhere = (): Failure => new Failure('transfer-elsewhere');
