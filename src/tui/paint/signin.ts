import type { SignInFlow } from '../signin/flow.js';
import type { Field } from '../signin/form.js';
import { fit, textWidth, toGlyphs } from '../text/glyphs.js';
import { layout } from '../text/layout.js';
import { Grid } from './grid.js';
import type { Style } from './theme.js';

const WIDTH = 60;
const LABEL = 16;
const BAR = 20;

const SAYS_STRENGTH = ['very weak', 'weak', 'fair', 'good', 'strong'];
const STRENGTH_STYLE: readonly Style[] = ['error', 'error', 'warn', 'ok', 'ok'];

interface Place {
  readonly grid: Grid;
  readonly x: number;
  readonly right: number;
  y: number;
}

function wrapped(place: Place, text: string, style: Style): void {
  for (const line of layout(text, place.right - place.x, 'off')) {
    place.grid.glyphs(place.x, place.y++, line.glyphs, style, place.right);
  }
}

function paintField(place: Place, { label, secret, optional, editor }: Field, active: boolean): void {
  const { grid, x, right, y } = place;
  grid.text(
    x,
    y,
    fit(`${label}${optional ? ' (if you have one)' : ''}`, optional ? 26 : LABEL),
    active ? 'accent' : 'dim',
  );
  const from = x + (optional ? 27 : LABEL);
  const room = right - from - 1;
  const shown = secret ? '•'.repeat(toGlyphs(editor.text).length) : editor.text;
  const glyphs = toGlyphs(shown);
  const before = secret
    ? toGlyphs(editor.text.slice(0, editor.cursor)).length
    : toGlyphs(editor.text.slice(0, editor.cursor)).length;
  const start = Math.max(0, before - room);
  grid.glyphs(from, y, glyphs.slice(start), 'text', right);
  if (active)
    grid.cursor = {
      x:
        from +
        textWidth(
          glyphs
            .slice(start, before)
            .map(({ text }) => text)
            .join(''),
        ),
      y,
    };
  grid.fill({ x: from, y: y + 1, width: right - from, height: 1 }, active ? 'accent' : 'border', '─');
  place.y += 2;
}

function paintStrength(place: Place, flow: SignInFlow): void {
  const { strength } = flow;
  if (strength === undefined) return;
  const score = Math.max(0, Math.min(4, strength.score));
  const style = STRENGTH_STYLE[score]!;
  const filled = Math.round((BAR * (score + 1)) / 5);
  const x = place.grid.text(place.x + LABEL, place.y, '█'.repeat(filled), style);
  place.grid.text(x, place.y, '░'.repeat(BAR - filled), 'dim');
  place.grid.text(place.x + LABEL + BAR + 2, place.y, SAYS_STRENGTH[score]!, style, place.right);
  place.y += 1;
  if (strength.reason !== '')
    place.grid.text(place.x + LABEL, place.y++, fit(strength.reason, place.right - place.x - LABEL), 'dim');
}

function paintWelcome(place: Place, flow: SignInFlow): void {
  wrapped(
    place,
    'Private messages and files, straight from device to device. The directory introduces people and cannot read a word.',
    'text',
  );
  place.y += 1;
  for (const [at, { label, about }] of flow.choices.entries()) {
    const marked = at === flow.choice;
    place.grid.text(place.x, place.y, `${marked ? '›' : ' '} ${label}`, marked ? 'accent' : 'text', place.right);
    place.grid.text(place.x + 24, place.y++, about, 'dim', place.right);
  }
}

const TITLE = {
  welcome: 'p2pchat',
  signin: 'Sign in',
  signup: 'Create an account',
  bycode: 'Add this device',
  code: 'Second factor',
};
const KEYS = {
  welcome: '↑ ↓ to choose · Enter · Esc to leave',
  signin: 'Enter: next · Tab, ↑ ↓: between fields · Esc: back',
  signup: 'Enter: next · Tab, ↑ ↓: between fields · Esc: back',
  bycode: 'Enter: next · Tab, ↑ ↓: between fields · Esc: back',
  code: 'Enter: go on · Esc: back',
};

/** Welcome, sign-in or sign-up on a screen of that size. */
export function paintSignIn(
  flow: SignInFlow,
  directory: string | undefined,
  width: number,
  height: number,
  now: number,
): Grid {
  const grid = new Grid(width, height);
  const x = Math.max(1, Math.floor((width - WIDTH) / 2));
  const place: Place = { grid, x, right: Math.min(width - 1, x + WIDTH), y: Math.max(0, Math.floor(height / 2) - 8) };
  grid.text(x, place.y, TITLE[flow.stage], 'title', place.right);
  place.y += 2;
  if (flow.stage === 'welcome') paintWelcome(place, flow);
  else {
    if (directory !== undefined) grid.text(x, place.y++, fit(directory.replace(/#.*/, ''), place.right - x), 'dim');
    for (const field of flow.form.fields) {
      paintField(place, field, field === flow.form.active);
      if (field.name === 'password') paintStrength(place, flow);
    }
  }
  place.y += 1;
  const says = flow.says(now);
  if (says) wrapped(place, says.text, says.kind === 'error' ? 'error' : 'accent');
  grid.text(1, height - 1, fit(KEYS[flow.stage], width - 2), 'dim');
  return grid;
}
