import { parentPort } from 'node:worker_threads';
import { toFailure } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import type { TransferEvent } from '../driver/events.js';
import { Incoming } from '../driver/incoming.js';
import { TransferNode } from '../driver/node.js';
import type { Outgoing } from '../driver/outgoing.js';
import { borrowStream } from './port-stream.js';
import type { FromThread, OpenedNode, ToThread } from './thread-messages.js';

/** The thread in which transfers run, so that chat answers while a disk or a processor is busy with files. */

const port = parentPort!;
/** A transfer that is being opened is waited for: what is said to it meanwhile counts. */
const transfers = new Map<number, Promise<Outgoing | Incoming>>();
let node: TransferNode | undefined;
/** 1 while there are sockets here, which have to be closed before the thread ends. */
let open: Int32Array | undefined;

const say = (message: FromThread): void => port.postMessage(message);

const eventsOf =
  (transfer: number) =>
  (event: TransferEvent): void => {
    const plain = event.type === 'failed' ? { type: event.type, failure: event.failure.plain } : event;
    say({ type: 'event', transfer, event: plain });
  };

async function answer(message: ToThread): Promise<unknown> {
  switch (message.type) {
    case 'open':
      open = new Int32Array(message.open);
      Atomics.store(open, 0, 1);
      node = await TransferNode.open(message.options, systemRandom);
      return { endpoints: node.endpoints } satisfies OpenedNode;
    case 'send':
      return opened(message.transfer, Promise.resolve(node!.send(message.options, eventsOf(message.transfer))));
    case 'receive':
      return opened(message.transfer, node!.receive(message.options, eventsOf(message.transfer)));
    case 'cancel':
      return cancel(message.transfer, message.discard);
    case 'reflexive':
      return node!.reflexive(message.server);
    case 'close':
      await node?.close();
      return release();
    default:
      return undefined;
  }
}

async function opened(number: number, opening: Promise<Outgoing | Incoming>): Promise<void> {
  transfers.set(number, opening);
  try {
    await opening;
  } catch (error) {
    transfers.delete(number);
    throw error;
  }
}

async function cancel(number: number, discard: boolean): Promise<void> {
  const opening = transfers.get(number);
  transfers.delete(number);
  await (await opening)?.cancel(discard);
}

function command(transfer: Outgoing | Incoming, { command }: Extract<ToThread, { type: 'command' }>): void {
  switch (command.type) {
    case 'candidates':
      node!.prove(command.proved);
      transfer.addCandidates(command.addresses);
      return;
    case 'relays':
      transfer.addRelays(command.relays);
      return;
    case 'pause':
      transfer.pause(command.paused);
      return;
    case 'want':
      if (transfer instanceof Incoming) transfer.want(command.ranges);
      return;
    case 'stop':
      void transfer.close();
  }
}

/** Does something with a transfer once it is open; one that never opens has said so already. */
function withTransfer(number: number, use: (transfer: Outgoing | Incoming) => void): void {
  const guarded = (transfer: Outgoing | Incoming): void => {
    try {
      use(transfer);
    } catch (error) {
      node!.crash(transfer, error);
    }
  };
  void transfers.get(number)?.then(guarded, () => {});
}

/** Lets go of the sockets, and says so to whoever waits for it in the other thread. */
async function release(): Promise<void> {
  await node?.abandon();
  if (open === undefined) return;
  Atomics.store(open, 0, 0);
  Atomics.notify(open, 0);
}

/** What nobody caught is no transfer's: all of them end here, and go on in the next thread. */
const LETTING_GO_MS = 1_000;
let dying = false;
process.on('uncaughtException', (error) => {
  if (dying) return;
  dying = true;
  void release()
    .then(() => Promise.race([node?.close(), new Promise((resolve) => setTimeout(resolve, LETTING_GO_MS))]))
    .catch(() => {})
    .finally(() => {
      say({ type: 'crashed', failure: toFailure(error).plain });
      port.close();
    });
});

port.on('message', (message: ToThread) => {
  if (message.type === 'command') {
    withTransfer(message.transfer, (transfer) => command(transfer, message));
    if (message.command.type === 'stop') transfers.delete(message.transfer);
    return;
  }
  if (message.type === 'release') {
    void release();
    return;
  }
  if (message.type === 'stream') {
    if (!transfers.has(message.transfer)) message.port.close();
    withTransfer(message.transfer, (transfer) => node!.attachStream(transfer, borrowStream(message.port)));
    return;
  }
  void answer(message).then(
    (value) => {
      say({ type: 'answer', call: message.call, value });
      if (message.type === 'close') port.close();
    },
    (error: unknown) => say({ type: 'refusal', call: message.call, failure: toFailure(error).plain }),
  );
});
