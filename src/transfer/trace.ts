/** What happens inside a session, for qlog. Names and fields as in draft-ietf-quic-qlog-quic-events where one fits. */
export type Trace = (name: string, data: Readonly<Record<string, string | number | boolean>>, now: number) => void;

export const noTrace: Trace = () => {};
