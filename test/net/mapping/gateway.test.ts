import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EpochWatch } from '../../../src/net/mapping/epoch.js';
import { fromProc, fromTable } from '../../../src/net/mapping/gateway.js';

test('the default gateway is found in what each system prints', () => {
  const proc = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0',
    'tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0',
    'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
    'eth0\t0000A8C0\t00000000\t0001\t0\t0\t200\t00FFFFFF\t0\t0\t0',
  ];
  assert.equal(fromProc(proc.join('\n')), '192.168.1.1');
  assert.equal(fromProc(proc[0]!), undefined);
  const mac =
    'Internet:\nDestination        Gateway            Flags\ndefault            link#12  UCSIg  utun3\ndefault  192.168.1.1  UGScg  en0\n';
  assert.equal(fromTable(mac), '192.168.1.1');
  const windows = 'IPv4-Routentabelle\n   0.0.0.0          0.0.0.0      192.168.178.1   192.168.178.20     25\n';
  assert.equal(fromTable(windows), '192.168.178.1');
  for (const none of ['', 'default', '0.0.0.0 0.0.0.0 On-link 10.0.0.1']) assert.equal(fromTable(none), undefined);
});

test('an epoch that goes on with the clock is the same router, any other is one that lost its state', () => {
  const epochs = (...said: readonly (readonly [epoch: number, at: number])[]): boolean[] => {
    const watch = new EpochWatch();
    return said.map(([epoch, at]) => watch.isContinued(epoch, at * 1_000));
  };
  assert.deepEqual(epochs([100, 0], [700, 600], [1_290, 1_200]), [true, true, true]);
  assert.deepEqual(epochs([100, 0], [99, 1]), [true, true]);
  assert.deepEqual(epochs([100, 0], [50, 600]), [true, false]);
  assert.deepEqual(epochs([100, 0], [200, 600]), [true, false]);
  assert.deepEqual(epochs([100, 0], [2_000, 600]), [true, false]);
});
