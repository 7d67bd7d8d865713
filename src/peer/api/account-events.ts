import type { CameDevice, CamePerson } from './pairing.js';

/** What came of a code that was made here for somebody new: of `done` the device that has come, or the person. */
export interface CodeEvent extends Partial<CameDevice & CamePerson> {
  readonly event: 'account';
  readonly change: 'code';
  /** `wrong`: somebody tried other words; `left`: began and went away; either way, and after ten minutes, it is spent. */
  readonly state: 'done' | 'wrong' | 'left' | 'expired';
}

/** A directory or devices of others are of a later version than this program. */
export interface UpgradeEvent {
  readonly event: 'account';
  readonly change: 'upgrade';
  readonly version: string;
  readonly own: string;
}
