import { DirectPins } from '../messaging/direct-pins.js';
import { Edits } from '../messaging/edits.js';
import { ExpirationSetting } from '../messaging/expiration-setting.js';
import { Pins } from '../messaging/pins.js';
import { Polls } from '../messaging/polls.js';
import type { Common, Services } from './services.js';

/** What changes messages that were said, and what holds in a conversation. */
export function changeServices(
  common: Common,
  services: Pick<Services, 'history' | 'conversations' | 'sender' | 'state' | 'reader'>,
) {
  const { self, disk, tables, clock, emit } = common;
  const { history, conversations, sender } = services;
  const own = { user: self.user };
  const edits = new Edits({ history, disk, tables, clock, self: own, conversations, emit });
  const polls = new Polls({
    ...{ history, conversations, clock, self: own, emit },
    change: (content) => edits.do(content),
    onSent: ({ conversation }) => services.state.sent(conversation),
  });
  const direct = {
    ...{ disk, history, clock, self: self.user, emit },
    enter: (to: string) => sender.enter(to),
    sendContent: (user: string, content: Parameters<typeof sender.sendContent>[1]) => sender.sendContent(user, content),
  };
  return {
    ...{
      edits,
      polls,
      pins: new Pins({ history, conversations, self: own, line: (row) => services.reader.line(row) }),
    },
    directPins: new DirectPins(direct),
    setting: new ExpirationSetting(direct),
  };
}
