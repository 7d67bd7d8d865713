import { hex } from '../../base/bytes.js';
import type { Step } from '../../store/local.js';
import type { Tables } from './tables.js';

/**
 * What is kept here becomes another device's: what was said and known stays, and everything goes by which the device of
 * before took part. Its ratchets may have gone on elsewhere, so nothing is sealed by them again; what has not left is
 * sealed anew, under the same ids; and logs, own devices and senders are asked as by any device that is new.
 */
export async function ofAnotherDevice(tables: Tables): Promise<Step[]> {
  return [...(await ratchets(tables)), ...(await places(tables)), ...(await underWay(tables))];
}

async function ratchets(tables: Tables): Promise<Step[]> {
  const steps: Step[] = [tables.lastResort.remove(['self'])];
  for await (const { ref } of tables.keyPackages.range([])) steps.push(tables.keyPackages.remove([hex(ref)]));
  for await (const { group } of tables.groups.range([])) {
    const name = hex(group);
    steps.push(tables.groups.remove([name]));
    for await (const { part } of tables.parts.range([name])) steps.push(tables.parts.remove([name, part]));
  }
  for await (const { group: _, ...row } of tables.conversations.range([])) {
    steps.push(tables.conversations.put([row.conversation], row));
  }
  return steps;
}

/** How far the mailbox was read, and what the other devices of the account have given. */
async function places(tables: Tables): Promise<Step[]> {
  const steps: Step[] = [tables.mailbox.remove(['self']), tables.ownDevices.remove(['self'])];
  for await (const { device } of tables.handOvers.range([])) steps.push(tables.handOvers.remove([device]));
  for await (const row of tables.namedGroups.range([])) {
    steps.push(tables.namedGroups.put([hex(row.group)], { missed: row.through, ...row }));
  }
  return steps;
}

async function underWay(tables: Tables): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const { group: _, sealed: __, pending: ___, stored: ____, ...row } of tables.outbox.range(['out'])) {
    steps.push(tables.outbox.put(['out', row.order], row));
  }
  for await (const { sealed: _, ...row } of tables.groupOut.range(['out'])) {
    steps.push(tables.groupOut.put(['out', row.order], row));
  }
  return steps;
}
