import { join } from 'node:path';
import { Guests } from '../guests/guests.js';
import { Seeds } from '../transfers/seeds.js';
import { TransferEndpoint } from '../transfers/transfer-endpoint.js';
import { TransferManager } from '../transfers/transfer-manager.js';
import { Uploads } from '../uploads/uploads.js';
import type { Common, Services } from './services.js';

export function transferManager(common: Common, services: Services): TransferManager {
  const { self, tables, disk, clock, random, scope, network } = common;
  const listening = () => network.links.address;
  return new TransferManager({
    ...{ tables, disk, clock, random, scope, emit: common.emit, self: common.address, rules: services.rules },
    tell: (event) => services.feed.tell(event),
    sockets: new TransferEndpoint({ clock, listening, directory: self.link, mapped: network.mapped }),
    relays: network.relays,
    enter: (to) => services.sender.enter(to),
    members: (group) => services.groups.queries.others(group),
    sharedGroup: (group, user) => services.groups.queries.sharedWith(group, user),
    send: (user, content) => services.sender.sendContent(user, content),
    reached: (message) => services.outbox.reached(message),
    dial: (address, transfer) => network.stream(address, transfer),
    linkedFrom: (device) => network.linkedFrom(device),
    trouble: () => network.trouble,
    isAway: async (user) => (await services.contacts.resolve(user)).devices.every((one) => one.state === 'offline'),
    ...{ directoryId: self.anchor.trust.directoryId, request: network.request, isOnline: common.isOnline },
    seeds: seedsOf(common, services),
    isWatched: () => services.feed.isWatched,
    isThere: async ({ user, device }) =>
      (await services.contacts.resolve(user)).devices.some((one) => one.device === device && one.state !== 'offline'),
  });
}

function seedsOf(common: Common, services: Services): Seeds {
  const { home, self, tables, disk, clock, scope, network, emit, isOnline } = common;
  return new Seeds({
    ...{ tables, disk, clock, scope, emit, isOnline, self: common.address, folder: join(home, 'seeds') },
    ...{ directoryId: self.anchor.trust.directoryId, request: network.request, report: services.reporter.report },
  });
}

export function uploadsOf(common: Common, services: Services): Uploads {
  const { self, tables, disk, clock, random, scope, network } = common;
  const { queries } = services.groups;
  return new Uploads({
    ...{ tables, disk, clock, random, request: network.request, emit: common.emit, scope, isOnline: common.isOnline },
    directoryId: self.anchor.trust.directoryId,
    user: self.user,
    folder: () => services.rules.folder,
    groups: {
      joined: (name) => queries.idOf(name.replace(/^#/, '')),
      writable: (name) => queries.writableId(name.replace(/^#/, '')),
      nameOf: (id) => queries.nameOf(id),
      announce: (id, content, steps) => services.groups.announce(id, content, steps),
    },
  });
}

export function guestsOf(common: Common, services: Services): Guests {
  const { self, tables, disk, clock, random, scope, network } = common;
  return new Guests({
    ...{ tables, disk, clock, random, request: network.request, emit: common.emit, scope, isOnline: common.isOnline },
    user: self.user,
    isWatched: () => services.feed.isWatched,
    folder: () => services.rules.folder,
    report: services.reporter.unlessAway,
  });
}
