/** What a cell says; a theme says how that looks. */
export type Style =
  | 'text'
  | 'dim'
  | 'strong'
  | 'accent'
  | 'border'
  | 'title'
  | 'own'
  | 'mention'
  | 'unread'
  | 'match'
  | 'selected'
  | 'status'
  /** The status line when something is amiss. */
  | 'alert'
  | 'ok'
  | 'warn'
  | 'error'
  | 'link'
  /** What stands between fences. */
  | 'code'
  | `name${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;

/** How cells of a style look: colours of the 256-colour palette, -1 for the terminal's own. */
export interface Look {
  readonly fg: number;
  readonly bg: number;
  readonly bold?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

export type Theme = Readonly<Record<Style, Look>>;

export const THEME_NAMES = ['dark', 'light', 'contrast', 'plain'] as const;
export type ThemeName = (typeof THEME_NAMES)[number];

const fg = (color: number, more: Partial<Look> = {}): Look => ({ fg: color, bg: -1, ...more });
const plain: Look = { fg: -1, bg: -1 };
const bold: Look = { ...plain, bold: true };
const inverse: Look = { ...plain, inverse: true };

const names = (colors: readonly number[], more: Partial<Look> = {}): Pick<Theme, `name${0}`> & Theme =>
  Object.fromEntries(colors.map((color, at) => [`name${at}`, fg(color, more)])) as unknown as Theme;

const dark: Theme = {
  ...names([75, 114, 179, 204, 141, 80, 216, 150]),
  text: plain,
  dim: fg(245),
  strong: bold,
  accent: fg(80, { bold: true }),
  border: fg(239),
  title: fg(80, { bold: true }),
  own: fg(252),
  mention: fg(222, { bold: true }),
  unread: fg(222, { bold: true }),
  match: { fg: 16, bg: 222 },
  selected: { fg: 231, bg: 24, bold: true },
  status: { fg: 252, bg: 236 },
  alert: { fg: 231, bg: 124, bold: true },
  ok: fg(114),
  warn: fg(221),
  error: fg(203, { bold: true }),
  link: fg(75, { underline: true }),
  code: fg(151),
};

const light: Theme = {
  ...names([25, 28, 130, 125, 91, 30, 124, 58]),
  text: plain,
  dim: fg(243),
  strong: bold,
  accent: fg(25, { bold: true }),
  border: fg(250),
  title: fg(25, { bold: true }),
  own: fg(238),
  mention: fg(130, { bold: true }),
  unread: fg(130, { bold: true }),
  match: { fg: 16, bg: 222 },
  selected: { fg: 231, bg: 25, bold: true },
  status: { fg: 236, bg: 254 },
  alert: { fg: 231, bg: 124, bold: true },
  ok: fg(28),
  warn: fg(130),
  error: fg(124, { bold: true }),
  link: fg(25, { underline: true }),
  code: fg(22),
};

const contrast: Theme = {
  ...names([15, 15, 15, 15, 15, 15, 15, 15], { bold: true }),
  text: fg(15),
  dim: fg(15),
  strong: fg(15, { bold: true }),
  accent: fg(11, { bold: true }),
  border: fg(15),
  title: fg(11, { bold: true }),
  own: fg(14),
  mention: fg(11, { bold: true, underline: true }),
  unread: fg(11, { bold: true }),
  match: { fg: 0, bg: 11 },
  selected: { fg: 0, bg: 15, bold: true },
  status: { fg: 0, bg: 15 },
  alert: { fg: 15, bg: 9, bold: true },
  ok: fg(10),
  warn: fg(11),
  error: fg(9, { bold: true }),
  link: fg(14, { underline: true }),
  code: fg(10),
};

/** No colour at all, as NO_COLOR asks (no-color.org): bold, underline and inverse remain. */
const colourless: Theme = {
  ...names([-1, -1, -1, -1, -1, -1, -1, -1], { bold: true }),
  text: plain,
  dim: plain,
  strong: bold,
  accent: bold,
  border: plain,
  title: bold,
  own: plain,
  mention: { ...bold, underline: true },
  unread: bold,
  match: inverse,
  selected: inverse,
  status: inverse,
  alert: { ...inverse, bold: true },
  ok: plain,
  warn: bold,
  error: bold,
  link: { ...plain, underline: true },
  code: plain,
};

const THEMES: Readonly<Record<ThemeName, Theme>> = { dark, light, contrast, plain: colourless };

/** The theme asked for; the colourless one wherever NO_COLOR is set and not empty. */
export function chooseTheme(name: ThemeName, env: Readonly<Record<string, string | undefined>>): Theme {
  return THEMES[(env.NO_COLOR ?? '') === '' ? name : 'plain'];
}

/** Pictures need colours of their own; a theme of high contrast is for people who want none of that. */
export const hasPictures = (name: ThemeName, env: Readonly<Record<string, string | undefined>>): boolean =>
  (env.NO_COLOR ?? '') === '' && (name === 'dark' || name === 'light');

export const isThemeName = (name: string): name is ThemeName => (THEME_NAMES as readonly string[]).includes(name);

/** A person keeps one of eight colours, everywhere and always. */
export function nameStyle(user: string): Style {
  let hash = 0;
  for (const character of user) hash = (hash * 31 + character.charCodeAt(0)) % 65_521;
  return `name${(hash % 8) as 0}`;
}
