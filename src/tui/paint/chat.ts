import { type Areas, areas, MIN_HEIGHT, MIN_WIDTH } from './areas.js';
import { paintChecklist } from './checklist.js';
import { editorRows, paintEditor } from './editor.js';
import { Grid } from './grid.js';
import { paintHelp } from './help.js';
import { hintText, paintHint } from './hint.js';
import { paintLog, viewStyle } from './log.js';
import { paintMembers } from './members.js';
import { paintPicker } from './picker.js';
import { paintPins } from './pins.js';
import { paintQuestion } from './question.js';
import type { ChatScene } from './scene.js';
import { paintSidebar } from './sidebar.js';
import { paintStatus, paintTitle } from './status.js';
import { paintTransfers } from './transfers.js';
import { paintTyping } from './typing.js';

/** Where everything of a scene stands on a screen of that size. */
export function chatAreas(scene: ChatScene, width: number, height: number): Areas {
  const editor = scene.search?.editor ?? scene.editor;
  const members = scene.members && scene.model.selected.startsWith('#');
  const { sidebar } = scene;
  const pins = scene.model.current.pins.length > 0 ? 1 : 0;
  const first = areas(width, height, { hint: 0, pins, editor: 1, members, sidebar });
  const rows = scene.prompt ? 1 : editorRows(editor, first.editor.width, scene.bidi);
  return areas(width, height, { hint: hintText(scene) === '' ? 0 : 1, pins, editor: rows, members, sidebar });
}

export interface ChatPicture {
  readonly grid: Grid;
  /** How many loaded messages are above what is in sight. */
  readonly above: number;
}

/** The whole chat on a screen of that size. */
export function paintChat(scene: ChatScene, width: number, height: number): ChatPicture {
  const grid = new Grid(width, height);
  if (width < MIN_WIDTH || height < MIN_HEIGHT) {
    grid.text(0, 0, 'Too small', 'warn');
    return { grid, above: Number.POSITIVE_INFINITY };
  }
  const place = chatAreas(scene, width, height);
  const { current } = scene.model;
  paintSidebar(grid, scene.model, place.sidebar);
  if (place.divider >= 0) grid.fill({ ...place.sidebar, x: place.divider, width: 1 }, 'border', '│');
  paintTitle(grid, scene, place.title);
  paintPins(grid, current, place.pins, scene.bidi);
  const style = viewStyle(scene, place.log.width);
  const { above, rows } = paintLog(grid, current, place.log, style);
  paintChecklist(grid, scene.model, place.log, rows);
  paintMembers(grid, scene.model, place.members);
  paintHint(grid, hintText(scene, place.hint.width - 2), place.hint);
  grid.fill({ ...place.title, y: place.editor.y - 1, height: 1 }, 'border', '─');
  paintTyping(grid, current, { ...place.editor, y: place.editor.y - 1, height: 1 });
  if (scene.prompt) paintQuestion(grid, scene.prompt, place.editor);
  else paintEditor(grid, scene.search?.editor ?? scene.editor, place.editor, scene.bidi);
  if (scene.overlay?.kind === 'help') paintHelp(grid, scene);
  if (scene.overlay?.kind === 'transfers') {
    const top = place.title.y;
    paintTransfers(grid, scene, { ...place.title, height: place.status.y - top });
  }
  if (scene.picker) paintPicker(grid, scene.picker, { ...place.title, height: place.status.y - place.title.y });
  paintStatus(grid, scene, place.status);
  return { grid, above };
}
