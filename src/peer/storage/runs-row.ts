import * as v from 'valibot';
import { RUN_BYTES, RUNS_TOLD } from '../../wire/limits.js';
import { exactly, list } from '../../wire/schema.js';

/** Of the runs that are told, so many were answered. */
export const RUNS_ANSWERED = 8;

const run = exactly(RUN_BYTES);

/** Runs of programs on this profile, the newest last: which the directory has answered, and which it may have heard of. */
export const runsRow = v.object({ answered: list(run, RUNS_ANSWERED), said: list(run, RUNS_TOLD - RUNS_ANSWERED) });
