/** A keeper has seen to what another device of its account has laid down for somebody. */
export interface SeedEvent {
  readonly event: 'seed';
  /** Of the transfer. */
  readonly id: string;
  /** For whom. */
  readonly user: string;
  /** `held`: the keeper has all of it; `laid`: it was laid down again; `released`: nobody is going to fetch it. */
  readonly state: 'held' | 'laid' | 'released';
  readonly size: number;
}
