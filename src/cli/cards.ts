/** What stands on a card: whose it is, and how they come in. */
export interface Card {
  readonly name: string;
  readonly label?: string;
  readonly code: string;
  /** HOST:PORT */
  readonly directory: string;
  /** Day, as YYYY-MM-DD. */
  readonly until: string;
}

const typed = ({ directory }: Card): string => `p2pchat join --directory ${directory}`;

/** To be printed as it is, one below the other, with a line to cut along. */
export const textCard = (card: Card): string[] => [
  `${card.label ?? card.name}`,
  `  Your name here:  ${card.name}`,
  `  Type:            ${typed(card)}`,
  `  and this code:   ${card.code}`,
  `  Good once, until ${card.until}. Keep it to yourself.`,
  '- '.repeat(32).trimEnd(),
];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char]!);

const htmlCard = (card: Card): string => `<section>
<h2>${escaped(card.label ?? card.name)}</h2>
<p>Your name here: <b>${escaped(card.name)}</b></p>
<p>Type:<br><code>${escaped(typed(card))}</code></p>
<p>and this code:<br><code class="code">${escaped(card.code)}</code></p>
<p class="end">Good once, until ${escaped(card.until)}. Keep it to yourself.</p>
</section>`;

/** One page by itself: it loads nothing and runs nothing. */
export const htmlPage = (cards: readonly Card[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>p2pchat: cards for joining</title>
<style>
body { font: 11pt sans-serif; margin: 1cm; display: grid; grid-template-columns: 1fr 1fr; gap: 0; }
section { border: 1px dashed #888; padding: 0.6cm; break-inside: avoid; }
h2 { font-size: 13pt; margin: 0 0 0.3cm; }
p { margin: 0.15cm 0; }
code { font: 11pt monospace; overflow-wrap: anywhere; }
code.code { font-size: 15pt; font-weight: bold; }
.end { color: #555; font-size: 9pt; }
</style>
</head>
<body>
${cards.map(htmlCard).join('\n')}
</body>
</html>
`;
