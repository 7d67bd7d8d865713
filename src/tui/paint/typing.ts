import type { Conversation } from '../model/conversation.js';
import { fit } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';

const NAMED = 3;

/** Who is writing in a conversation; '' where nobody is. */
function typingText({ typing }: Conversation): string {
  const names = [...typing].sort();
  if (names.length === 0) return '';
  if (names.length > NAMED) return `${names.length} people are typing…`;
  const last = names.pop()!;
  return names.length === 0 ? `${last} is typing…` : `${names.join(', ')} and ${last} are typing…`;
}

/** On the line above the editor, so that nothing moves when somebody begins. */
export function paintTyping(grid: Grid, conversation: Conversation, area: Rect): void {
  const text = typingText(conversation);
  if (text !== '') grid.text(area.x + 1, area.y, fit(` ${text} `, area.width - 2), 'accent');
}
