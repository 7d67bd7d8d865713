/** What of their history a device asks the other devices of its account for: all of it, or since so many seconds. */
export interface HistoryWish {
  readonly history: 'all' | 'none';
  readonly seconds?: number | undefined;
}

/** History from one device of the account to another, whenever two of them meet. */
export interface HandOverApi {
  /** Undefined where nobody has said so: then nothing is asked for. */
  wish(): Promise<HistoryWish | undefined>;
  /** From now on. */
  want(wish: HistoryWish): Promise<void>;
  /** That device of the account may have what is kept here. */
  allow(device: string): Promise<void>;
  /** The devices that may. */
  consents(): Promise<readonly string[]>;
  /** From now on, as a keeper: whom the person allows on one of these devices, this one allows, too. */
  heed(): void;
}
