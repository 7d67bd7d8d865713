import { Failure } from '../../base/errors.js';
import { LIST_HINT } from './transfer-store.js';

/** Why a transfer can't be steered as it was asked for. */

export const nobodyElse = (group: string): Failure =>
  new Failure('group-empty', `nobody else is in ${group}`, { hint: `Bring somebody in: /invite USER` });
export const notOpen = (what: string): Failure =>
  new Failure('transfer-not-offered', `that is no offer which could be ${what} now`, { hint: LIST_HINT });
export const over = (state: string): Failure =>
  new Failure('transfer-over', `that transfer is over (${state})`, { hint: LIST_HINT });
export const notBegun = (): Failure =>
  new Failure('transfer-not-begun', 'that transfer has not been accepted yet', { hint: LIST_HINT });
export const pausedThere = (user: string): Failure =>
  new Failure('transfer-paused-there', `${user} has paused it`, {
    hint: `It goes on when ${user} resumes it.`,
  });
export const notPlayable = (): Failure => new Failure('transfer-not-playable');
export const needless = (): Failure => new Failure('deposit-needless');
export const depositExpired = (user: string): Failure =>
  new Failure('deposit-expired', `${user} did not fetch it in time, and the directory has it no longer`);
