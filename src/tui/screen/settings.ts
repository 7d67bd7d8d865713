import { PICTURES, type PictureChoice } from '../graphics/capabilities.js';
import { type ChecklistState, isStep } from '../model/checklist.js';
import { isThemeName, type ThemeName } from '../paint/theme.js';

export const NOTIFY_CHOICES = ['off', 'bell', 'desktop', 'text'] as const;
/** How one is told of what is out of sight: `desktop` says who wrote, `text` also what. */
export type NotifyChoice = (typeof NOTIFY_CHOICES)[number];

/** What a person set, kept from one start to the next. */
export interface SettingsValues {
  readonly theme: ThemeName;
  readonly mouse: boolean;
  /** The members of a group beside its log. */
  readonly members: boolean;
  /** The list of conversations, where there is room. */
  readonly sidebar: boolean;
  readonly notify: NotifyChoice;
  readonly previews: PictureChoice;
  readonly checklist: ChecklistState;
}

const FIRST: SettingsValues = {
  theme: 'dark',
  mouse: true,
  members: true,
  sidebar: true,
  notify: 'desktop',
  previews: 'on',
  checklist: { done: [], dismissed: false },
};

/** Where they are kept: text out, text in. */
export interface SettingsFile {
  /** Undefined where nothing was kept yet. */
  read(): string | undefined;
  /** May fail silently: what is set holds for this run then. */
  write(text: string): void;
}

const isNotify = (word: unknown): word is NotifyChoice => (NOTIFY_CHOICES as readonly unknown[]).includes(word);

/** It was a switch before. */
function picturesOf(found: unknown): PictureChoice {
  if (typeof found === 'boolean') return found ? 'on' : 'off';
  return PICTURES.find((choice) => choice === found) ?? FIRST.previews;
}

/** Whatever stands in the file: what makes no sense is as if it weren't there. */
function parsed(text: string | undefined): SettingsValues {
  let found: Partial<Record<keyof SettingsValues, unknown>> = {};
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value === 'object' && value !== null) found = value;
  } catch {
    // A file cut off or edited by hand: everything is as at the first start.
  }
  const on = (name: 'mouse' | 'members' | 'sidebar'): boolean =>
    typeof found[name] === 'boolean' ? found[name] : FIRST[name];
  const { done, dismissed } = (found.checklist ?? {}) as { readonly done?: unknown; readonly dismissed?: unknown };
  return {
    theme: typeof found.theme === 'string' && isThemeName(found.theme) ? found.theme : FIRST.theme,
    mouse: on('mouse'),
    members: on('members'),
    sidebar: on('sidebar'),
    previews: picturesOf(found.previews),
    notify: isNotify(found.notify) ? found.notify : FIRST.notify,
    checklist: { done: Array.isArray(done) ? done.filter(isStep) : [], dismissed: dismissed === true },
  };
}

/** What a person set: read once, written with each change. */
export class Settings {
  readonly #file: SettingsFile;
  #values: SettingsValues;

  constructor(file: SettingsFile, fixed: Partial<SettingsValues> = {}) {
    this.#file = file;
    this.#values = { ...parsed(file.read()), ...fixed };
  }

  get<K extends keyof SettingsValues>(name: K): SettingsValues[K] {
    return this.#values[name];
  }

  set<K extends keyof SettingsValues>(name: K, value: SettingsValues[K]): void {
    this.#values = { ...this.#values, [name]: value };
    this.#file.write(`${JSON.stringify(this.#values, null, 2)}\n`);
  }
}
