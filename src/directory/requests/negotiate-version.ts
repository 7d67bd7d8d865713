import { Failure } from '../../base/errors.js';
import { PROTOCOL_VERSIONS } from '../../wire/limits.js';

/** The newest both speak. @throws Failure protocol 'version-unknown' */
export function chooseVersion(versions: readonly number[]): number {
  const version = PROTOCOL_VERSIONS.find((one) => versions.includes(one));
  if (version !== undefined) return version;
  throw new Failure('version-unknown', 'the directory and this program share no version of the protocol');
}
