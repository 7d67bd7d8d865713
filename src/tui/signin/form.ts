import { Editor } from '../editor/editor.js';

export type FieldName = 'directory' | 'user' | 'password' | 'again' | 'invite' | 'code' | 'words';

export interface Field {
  readonly name: FieldName;
  readonly label: string;
  readonly secret: boolean;
  readonly optional: boolean;
  readonly editor: Editor;
}

const field = (name: FieldName, label: string, more: { secret?: boolean; optional?: boolean } = {}): Field => ({
  name,
  label,
  secret: more.secret ?? false,
  optional: more.optional ?? false,
  editor: new Editor({ oneLine: true }),
});

/** A few lines to fill in, one after the other. */
export class Form {
  readonly fields: readonly Field[];
  #at = 0;

  constructor(fields: readonly Field[]) {
    this.fields = fields;
  }

  get active(): Field {
    return this.fields[this.#at]!;
  }

  get atLast(): boolean {
    return this.#at === this.fields.length - 1;
  }

  value(name: FieldName): string {
    return this.fields.find((each) => each.name === name)?.editor.text ?? '';
  }

  move(by: number): void {
    this.#at = Math.max(0, Math.min(this.fields.length - 1, this.#at + by));
  }

  focus(name: FieldName): void {
    this.#at = Math.max(
      0,
      this.fields.findIndex((each) => each.name === name),
    );
  }

  /** Empties what is secret; what was refused is not kept. */
  forget(): void {
    for (const { secret, editor } of this.fields) if (secret) editor.wipe();
  }
}

const DIRECTORY = 'Directory link';
const PASSWORD = { secret: true };

/** The name that is known stands there; what is asked for is the next. */
function withUser(form: Form, user: string | undefined): Form {
  if (user === undefined) return form;
  form.focus('user');
  form.active.editor.set(user);
  form.focus(form.fields.some(({ name }) => name === 'directory') ? 'directory' : 'password');
  return form;
}

export function signInForm(directory: string | undefined, user: string | undefined): Form {
  const fields = [
    ...(directory === undefined ? [field('directory', DIRECTORY)] : []),
    field('user', 'User name'),
    field('password', 'Password', PASSWORD),
  ];
  return withUser(new Form(fields), user);
}

export function signUpForm(directory: string | undefined, user: string | undefined): Form {
  const fields = [
    ...(directory === undefined ? [field('directory', DIRECTORY)] : []),
    field('user', 'User name'),
    field('password', 'Password', PASSWORD),
    field('again', 'Password again', PASSWORD),
    field('invite', 'Invite', { optional: true }),
  ];
  return withUser(new Form(fields), user);
}

/** What another device shows. */
export const byCodeForm = (directory: string | undefined): Form =>
  new Form([field('words', 'Code'), ...(directory === undefined ? [field('directory', 'Directory')] : [])]);

/** Digits or a recovery code: good once, so they may be seen. */
export const codeForm = (): Form => new Form([field('code', 'Code')]);
