/** `p2pchat/1.2.3`, as programs say in `hello` what they are. Three numbers and nothing else: what it shows can do no harm. */
const AGENT = /^p2pchat\/((?:0|[1-9]\d{0,3})(?:\.(?:0|[1-9]\d{0,3})){2})$/;

/** How a program of this version says what it is. */
export const agentOf = (version: string): string => `p2pchat/${version}`;

/** The version that a program says it is; undefined where it says something else. */
export const versionSaid = (agent: string | undefined): string | undefined => AGENT.exec(agent ?? '')?.[1];

/** Above 0 where the first is the later. */
export function compareVersions(one: string, other: string): number {
  const [first, second] = [one.split('.').map(Number), other.split('.').map(Number)];
  for (const [at, number] of first.entries()) if (number !== second[at]) return number - (second[at] ?? 0);
  return 0;
}
