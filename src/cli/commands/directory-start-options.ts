import type { LogLevel } from '../../base/log.js';
import type { DirectoryOptions } from '../parts.js';
import type { StoreOptions } from './directory-place.js';

export interface DirectoryStartOptions extends StoreOptions {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly listen?: string | undefined;
  readonly registration?: DirectoryOptions['registration'] | undefined;
  readonly 'require-second-factor'?: DirectoryOptions['requireSecondFactor'] | undefined;
  readonly rooms?: string | undefined;
  readonly 'block-after'?: string | undefined;
  readonly 'block-seconds'?: string | undefined;
  readonly 'upload-quota'?: string | undefined;
  readonly 'upload-space'?: string | undefined;
  readonly 'upload-days'?: string | undefined;
  readonly relay?: string | undefined;
  readonly 'relay-quota'?: string | undefined;
  readonly 'relay-day'?: string | undefined;
  readonly 'relay-rate'?: string | undefined;
  readonly restored?: boolean | undefined;
  readonly metrics?: string | undefined;
  readonly guests?: string | undefined;
  readonly 'guests-url'?: string | undefined;
  readonly 'guests-cert'?: string | undefined;
  readonly 'guests-key'?: string | undefined;
  readonly log?: string | undefined;
  readonly 'log-level'?: LogLevel | undefined;
  readonly 'log-size'?: string | undefined;
  readonly 'log-days'?: string | undefined;
  readonly verbose?: boolean | undefined;
  readonly 'with-parent'?: boolean | undefined;
}
