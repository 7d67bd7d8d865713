import type { TunnelWriter } from '../../wire/datagrams/tunnel.js';
import type { Endpoint } from '../../wire/directory.js';
import { TRANSFER_CANDIDATES } from '../../wire/limits.js';
import type { ReceiveStream } from './receive-stream.js';
import type { SentPacket } from './recovery.js';
import type { SendStream } from './send-stream.js';

/** What of a packet has to be said again where it is lost, besides bytes. */
export type Said = Pick<SentPacket, 'end' | 'room' | 'addresses'>;

/** Everything that has to be said besides the bytes of the stream. */
export class ToSay {
  end = false;
  room = false;
  /** Something that wants an answer, whatever it is. */
  ping = false;
  #addresses: readonly Endpoint[] = [];

  tell(addresses: readonly Endpoint[]): void {
    this.#addresses = [...this.#addresses, ...addresses].slice(0, TRANSFER_CANDIDATES);
  }

  hasSome(sending: SendStream): boolean {
    return this.room || this.ping || this.#addresses.length > 0 || (this.end && sending.allSent);
  }

  /** A packet with that in it is lost. */
  again({ end, room, addresses }: Said): void {
    this.end ||= end === true;
    this.room ||= room === true;
    if (addresses !== undefined) this.tell(addresses);
  }

  /** What fits in front of the bytes. */
  write(frames: TunnelWriter, receiving: ReceiveStream): Said {
    const [room, addresses] = [this.room, this.#addresses];
    if (room) frames.offset('room', receiving.tell());
    if (addresses.length > 0) frames.addresses(addresses);
    this.room = false;
    this.#addresses = [];
    return { room, ...(addresses.length > 0 && { addresses }) };
  }

  /** The end, behind the last bytes. @returns whether it is in the packet */
  writeEnd(frames: TunnelWriter, sending: SendStream): boolean {
    if (!this.end || !sending.allSent || frames.room <= 0) return false;
    frames.offset('end', sending.written);
    this.end = false;
    return true;
  }
}
