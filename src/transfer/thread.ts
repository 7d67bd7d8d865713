import { parentPort } from 'node:worker_threads';
import { systemRandom } from '../base/random.js';
import type { TransferEvent } from './events.js';
import { Incoming } from './incoming.js';
import { TransferNode } from './node.js';
import type { Outgoing } from './outgoing.js';
import { borrowStream } from './port-stream.js';
import { type FromThread, type OpenedNode, plainFailure, type ToThread } from './thread-messages.js';

/** The thread in which transfers run, so that chat answers while a disk or a processor is busy with files. */

const port = parentPort!;
const transfers = new Map<number, Outgoing | Incoming>();
let node: TransferNode | undefined;

const say = (message: FromThread): void => port.postMessage(message);

const eventsOf =
  (transfer: number) =>
  (event: TransferEvent): void => {
    const plain = event.type === 'failed' ? { type: event.type, failure: plainFailure(event.failure) } : event;
    say({ type: 'event', transfer, event: plain });
  };

async function answer(message: ToThread): Promise<unknown> {
  switch (message.type) {
    case 'open':
      node = await TransferNode.open(message.options, systemRandom);
      return { endpoints: node.endpoints } satisfies OpenedNode;
    case 'send':
      transfers.set(message.transfer, node!.send(message.options, eventsOf(message.transfer)));
      return undefined;
    case 'receive':
      transfers.set(message.transfer, await node!.receive(message.options, eventsOf(message.transfer)));
      return undefined;
    case 'cancel':
      return cancel(message.transfer, message.discard);
    case 'reflexive':
      return node!.reflexive(message.server);
    case 'close':
      return node?.close();
    default:
      return undefined;
  }
}

async function cancel(number: number, discard: boolean): Promise<void> {
  const transfer = transfers.get(number);
  transfers.delete(number);
  await transfer?.cancel(discard);
}

function command(message: Extract<ToThread, { type: 'command' }>): void {
  const transfer = transfers.get(message.transfer);
  switch (message.command.type) {
    case 'candidates':
      transfer?.addCandidates(message.command.addresses);
      return;
    case 'pause':
      transfer?.pause(message.command.paused);
      return;
    case 'want':
      if (transfer instanceof Incoming) transfer.want(message.command.ranges);
      return;
    case 'stop':
      transfers.delete(message.transfer);
      void transfer?.close();
  }
}

port.on('message', (message: ToThread) => {
  if (message.type === 'command') {
    command(message);
    return;
  }
  if (message.type === 'stream') {
    const transfer = transfers.get(message.transfer);
    if (transfer === undefined) message.port.close();
    else node!.attachStream(transfer, borrowStream(message.port));
    return;
  }
  void answer(message).then(
    (value) => {
      say({ type: 'answer', call: message.call, value });
      if (message.type === 'close') port.close();
    },
    (error: unknown) => say({ type: 'refusal', call: message.call, failure: plainFailure(error) }),
  );
});
