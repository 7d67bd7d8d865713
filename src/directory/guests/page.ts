import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../../base/errors.js';
import { packageFile } from '../../base/package-files.js';

/** The page that guests see, with the headers it is served with: its own script and style run, by their hashes, and no other. */
export interface GuestPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is told with every answer. */
export const GUARDS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const hashes = (html: string, tag: 'script' | 'style'): string =>
  [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
    .map(([, inside = '']) => `'sha256-${createHash('sha256').update(inside).digest('base64')}'`)
    .join(' ');

/** @throws Failure internal 'guest-page-lost' */
export function readGuestPage(): GuestPage {
  let html: string;
  try {
    html = readFileSync(packageFile('dist/program/guests.html'), 'utf8');
  } catch (cause) {
    throw new Failure('guest-page-lost', undefined, { cause });
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return {
    html,
    headers: { ...GUARDS, 'content-security-policy': policy, 'content-type': 'text/html; charset=utf-8' },
  };
}
