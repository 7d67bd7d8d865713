import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];

/**
 * At its end Node gives every terminal it was started on the settings it had, and aborts where that fails (ResetStdio,
 * node.cc): on one that was closed under the program it always does. A descriptor that is no longer open it leaves alone.
 * @returns whether one of them is lost by now
 */
export function endWithoutLostTerminals(): () => boolean {
  const terminals = STANDARD.filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
  return () => terminals.some((fd) => !isatty(fd));
}
