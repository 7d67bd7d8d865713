import { hex } from '../../base/bytes.js';
import { conversationIn } from '../messaging/conversation.js';
import type { GroupContext } from '../messaging/group/context.js';
import { GroupStore } from '../messaging/group/group.js';
import type { Common, Services } from './services.js';

/** Everything a group's parts share. */
export function groupContext(common: Common, services: Services): GroupContext {
  const { self, disk, tables, clock, random, scope, network } = common;
  const { user, device, key, signatureKey } = self;
  return {
    ...{ engine: common.engine, disk, tables, clock, random, scope, request: network.request, anchor: self.anchor },
    ...{
      groups: services.mlsGroups,
      keyPackages: services.keyPackages,
      history: services.history,
      contacts: services.contacts,
    },
    ...{ isOnline: common.isOnline, isBlocked: common.isBlocked, link: common.link, report: services.reporter.report },
    mayPost: () => !services.setBack.isComparing,
    self: { user, device, key, signatureKey, statement: self.statement(), certificate: () => self.certificate },
    role: () => self.role,
    keep: (row) => services.state.unknown.keep(row),
    store: new GroupStore(tables, services.mlsGroups, self.anchor.trust),
    enqueue: (group, work) => common.queues.run(conversationIn(hex(group.id)), work),
    emit: (event) => {
      services.feed.emit(event);
      if (event.event === 'sent' && event.state === 'stored') services.uploads.announced(event.id);
    },
    note: (row) => services.receiver.note(row),
    onLine: (row, unseen) => {
      services.state.spoke(row);
      services.feed.emitLine(row, unseen);
    },
    onPast: (row) => services.feed.emitPast(row),
    onChange: (conversation, from, content, tx) => services.edits.take(conversation, from, content, tx),
    onSignal: (conversation, from, signal) => services.state.heard(conversation, from, signal),
    onUpload: ({ id }, from, content, tx, told) => services.uploads.take(id, from, content, tx, told),
    onRefused: (id, why) => services.uploads.refused(hex(id), why),
  };
}
