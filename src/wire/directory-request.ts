import type { DirectoryMethods } from './directory.js';
import type { MethodName, Params, Result } from './rpc.js';

/** Asks the directory something. @throws Failure what it refuses with; unreachable where it can't be asked now */
export type DirectoryRequest = <M extends MethodName<DirectoryMethods>>(
  method: M,
  params: Params<DirectoryMethods, M>,
) => Promise<Result<DirectoryMethods, M>>;
