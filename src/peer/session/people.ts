import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { createMlsEngine, type MlsEngine } from '../../crypto/mls.js';
import { openForOwn, sealForOwn } from '../../crypto/own-seal.js';
import type { Contacts } from '../identity/contacts.js';
import { OwnDevices } from '../identity/own-devices.js';
import { conversationWith } from '../messaging/conversation.js';
import { ModerationLog } from '../messaging/group/moderation-log.js';
import { Preferences } from '../messaging/preferences.js';
import type { Common, Services, ServicesInit } from './services.js';

/** MLS as this peer uses it: a leaf's key is its certificate's, the certificate the directory's, and the identity the one we know. */
export function mlsEngineOf({ self, random, clock }: ServicesInit, contacts: () => Contacts): MlsEngine {
  return createMlsEngine({
    async verifyCredential(certificate, key) {
      const judged = self.anchor.judgeLeaf(certificate);
      if (!sameBytes(judged.publicKey, key)) return false;
      await contacts().admit(judged);
      return true;
    },
    random,
    now: () => clock.now(),
  });
}

/** Somebody one has written to, or verified. */
export async function isContact({ contacts, reader }: Services, self: string, user: string): Promise<boolean> {
  if ((await contacts.current(user)).trust === 'verified') return true;
  const own = await reader.search({ words: '', conversation: conversationWith(user), from: self, limit: 1 });
  return own.length > 0;
}

export const isBlockedHere = (user: string): Failure =>
  new Failure('user-blocked', `you have blocked ${user}`, {
    hint: `To write to them again: /unblock ${user}.`,
    details: { user },
  });

/** What was done to whom, as this device reads it. */
export function moderationLog(common: Common, services: Services): ModerationLog {
  const { self, disk, tables, clock, scope, network } = common;
  return new ModerationLog({
    ...{ tables, disk, clock, scope, request: network.request, anchor: self.anchor, key: self.key, user: self.user },
    tell: (event) => services.feed.tell(event),
    isWatched: () => services.feed.isWatched,
    report: services.reporter.unlessAway,
  });
}

/** What this person wants, on all their devices. */
export function preferencesOf(common: Common, services: Services): Preferences {
  const { self, disk, tables, random, scope, network, emit, isOnline } = common;
  const report = (error: unknown): void => services.reporter.unlessAway(error);
  return new Preferences({
    ...{ tables, disk, self: self.user },
    sharing: {
      seal: (plain) => sealForOwn(self.identity, self.account, plain, random),
      open: (sealed) => openForOwn(self.identity, self.account, sealed),
      ...{ request: network.request, isOnline, report, run: (work) => scope.run(work, report) },
    },
    onMerged: async (blocked) => {
      for (const user of blocked) network.part(user);
      await services.state.readMarkers.recount();
      emit({ event: 'account', change: 'preferences', muted: services.preferences.get().muted });
    },
  });
}

/** Which devices are one's own. */
export function ownDevicesOf(common: Common, services: Services): OwnDevices {
  const { self, disk, tables, clock, scope, network, isOnline } = common;
  return new OwnDevices({
    ...{ tables, disk, clock, scope, request: network.request, device: self.device, anchor: self.anchor },
    tell: (event) => services.feed.tell(event),
    ...{ isOnline, isWatched: () => services.feed.isWatched, report: services.reporter.unlessAway },
  });
}
