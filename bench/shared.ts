import { shareLink } from '../test/support/shared-link.js';
import { missingTools } from './support/network.js';
import { type Bench, quantile } from './support/report.js';

/** U6: a transfer beside a TCP flow (cubic) and a chat on a line of 10 Mbit/s with a queue of 100 ms, whole programs. */
const bench: Bench = async (report) => {
  const missing = missingTools('ethtool', 'tc');
  if (missing.length > 0) {
    console.log(`  left out for want of ${missing.join(', ')}`);
    return;
  }
  const { tcp, transfer, chat } = await shareLink({ settleMs: 5_000, measureMs: 15_000 });
  report.add({
    name: 'TCP beside a transfer, part of what both get',
    value: (100 * tcp) / (tcp + transfer),
    unit: '%',
  });
  report.add({ name: 'both together, of 1.25 MB/s', value: (tcp + transfer) / 1e6, unit: 'MB/s' });
  report.add({ name: 'chat beside both, p50', value: quantile(chat, 0.5), unit: 'ms' });
  report.add({ name: 'chat beside both, p99', value: quantile(chat, 0.99), unit: 'ms' });
};
export default bench;
