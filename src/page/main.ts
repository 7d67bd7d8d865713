import { openCollect } from './collect.js';
import { linkHere } from './link.js';
import { openShare } from './share.js';
import { view } from './view.js';

/** The page that a link for guests opens. */

async function start(): Promise<void> {
  const link = await linkHere();
  if (link.pin === undefined) await openShare(link);
  else await openCollect(link, link.pin);
}

// Another link in the same tab changes nothing but what is behind the #.
addEventListener('hashchange', () => location.reload());
start().catch((error: unknown) => view.trouble(error));
