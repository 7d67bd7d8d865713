/** One way to the other side, as an endpoint knows it; the same object for the same way. */
export interface Path {
  /** For people and for comparing: address and port, or the name of a stream. */
  readonly key: string;
  /** The largest datagram worth trying. */
  readonly maxDatagram: number;
  /** Ordered, without loss, with its own flow control: a TCP link in place of datagrams. */
  readonly stream: boolean;
  /** By way of a relay, which sends on only to an address that has proved itself. */
  readonly relay?: true;
}

/** Sends one datagram; may lose it, never throws. */
export type Emit = (path: Path, datagram: Uint8Array) => void;
