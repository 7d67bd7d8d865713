/** A sealed message on its way to one device. */
export interface QueuedItem {
  readonly order: number;
  readonly id: Uint8Array;
  readonly group: Uint8Array;
  readonly sealed: Uint8Array;
  /** Nobody reads it: programs say it to each other, such as that a file is taken, and wait for it. */
  readonly signal?: boolean;
}

/** A link to one device, as far as those who send over it know. */
export interface DeliveryLink {
  /** @param mailed what was said before it is in the device's mailbox */
  deliver(item: QueuedItem, mailed?: boolean): Promise<unknown>;
}
