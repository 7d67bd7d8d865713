import { type Ack, controlCounter } from '../../wire/datagrams/control.js';

/**
 * Takes what happens inside a session, for qlog: `category:event`, as of draft-ietf-quic-qlog-quic-events where one fits, with
 * data of its fields. Undefined where nobody wants it, so that it costs nothing then.
 */
export type Trace = (name: string, data: Readonly<Record<string, unknown>>, now: number) => void;

/** The field by which qlog knows a packet. */
export const packetHeader = (packet: number) => ({ packet_type: '1RTT', packet_number: packet });

interface Sent {
  readonly block: number;
  readonly offset: number;
  readonly length: number;
}

/** Data, as qlog has it: each block is a stream of its own, as one is independent of the others. */
export const sentEvent = (packet: number, length: number, { block, ...slice }: Sent) => ({
  header: packetHeader(packet),
  raw: { length },
  frames: [{ frame_type: 'stream', stream_id: block, offset: slice.offset, length: slice.length }],
});

/** An acknowledgement that has come; ranges with both ends, the highest first. */
export const ackEvent = (datagram: Uint8Array, { delay, ranges }: Ack) => ({
  header: packetHeader(controlCounter(datagram)),
  raw: { length: datagram.length },
  frames: [
    { frame_type: 'ack', ack_delay: delay / 1_000, acked_ranges: ranges.map(({ first, end }) => [first, end - 1]) },
  ],
});
