import { Failure } from '../../base/errors.js';

export const notTriedYet = (): Failure =>
  new Failure('directory-offline', 'the directory has not been reached yet', {
    hint: 'It is tried when the program has started.',
  });

export const doorShut = (): Failure => new Failure('closed', 'there is no link between the two');
