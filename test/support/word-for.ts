import type { Parameter } from '../../src/commands/parameter.js';

export interface Named {
  readonly user: string;
  readonly group: string;
  readonly file: string;
}

/** The least word for a parameter that its command takes. */
export function wordFor(parameter: Parameter, { user, group, file }: Named): string {
  switch (parameter.type) {
    case 'user':
      return user;
    case 'conversation':
      return `@${user}`;
    case 'group':
      return group;
    case 'choice':
      return parameter.choices[0]!;
    case 'path':
    case 'paths':
      return file;
    case 'words':
    case 'text':
      return 'hello';
    case 'count':
      return '3';
    default:
      return 'abcd';
  }
}
