/** Terminals that show OSC 9 as a desktop notification, and those that want OSC 777; others would print or ignore it. */
const OSC_9 = /^(?:iTerm\.app|WezTerm|ghostty|kitty)$/;

/** The sequence for a desktop notification; '' where the terminal has none. */
export function desktopNotice(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '');
  if (env.TMUX !== undefined) return '';
  if (OSC_9.test(env.TERM_PROGRAM ?? '') || env.TERM === 'xterm-kitty') return `\x1b]9;${plain}\x1b\\`;
  if (env.VTE_VERSION !== undefined) return `\x1b]777;notify;p2pchat;${plain.replaceAll(';', ',')}\x1b\\`;
  return '';
}
