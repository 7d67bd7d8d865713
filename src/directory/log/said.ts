interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly user?: string;
  readonly address?: string;
  readonly command?: string;
  readonly deed?: string;
  readonly outcome?: string;
  readonly ms?: number;
  readonly times?: number;
  readonly seconds?: number;
}

const WARN = 40;

/** A line of the log as one reads it on a terminal: who did what, and how it ended. */
export function spoken(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Line;
  const { user, address, command, deed = command, outcome, ms, times, seconds, ...rest } = fields;
  const at = time.slice(11, 19);
  if (msg === 'command') return `${at} ${user ?? address ?? '?'}: ${deed}: ${outcome} (${ms} ms)`;
  if (msg === 'more refused') {
    return `${at} ${user ?? address ?? 'several'}: ${deed ?? 'various'}: ${outcome}, ${times} times more in ${seconds} s`;
  }
  const more = { ...(user !== undefined && { user }), ...(address !== undefined && { address }), ...rest };
  const said = Object.entries(more).map(([name, value]) => ` ${name}=${value}`);
  return `${at} ${level >= WARN ? '! ' : ''}${msg}${said.join('')}`;
}
