import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { decodeNatPmp, encodeNatPmpAddress, encodeNatPmpMap } from '../../src/wire/gateway/nat-pmp.js';
import { decodePcp, encodePcpAnnounce, encodePcpMap } from '../../src/wire/gateway/pcp.js';

/** Bytes laid out by hand after the figures of RFC 6887 (§7, §11) and RFC 6886 (§3). */

const bytes = (text: string): Uint8Array => fromHex(text.replace(/\s/g, ''));
const malformed = (error: unknown): boolean => hasCode(error, 'malformed');
const NONCE = '000102030405060708090a0b';
const CLIENT = '00000000 00000000 0000ffff c0a80114';

test('requests of PCP have the bytes of RFC 6887', () => {
  const map = {
    protocol: 'udp',
    nonce: bytes(NONCE),
    internalPort: 4_000,
    externalPort: 4_001,
    lifetime: 3_600,
  } as const;
  const asked = `02010000 00000e10 ${CLIENT} ${NONCE} 11000000 0fa00fa1 00000000 00000000 0000ffff 00000000`;
  assert.equal(hex(encodePcpMap(map, '192.168.1.20')), hex(bytes(asked)));
  const again = `02010000 00000000 ${CLIENT} ${NONCE} 06000000 0fa00000 00000000 00000000 0000ffff 0b160102`;
  const gone = { ...map, protocol: 'tcp', externalPort: 0, externalHost: '11.22.1.2', lifetime: 0 } as const;
  assert.equal(hex(encodePcpMap(gone, '192.168.1.20')), hex(bytes(again)));
  assert.equal(hex(encodePcpAnnounce('192.168.1.20')), hex(bytes(`02000000 00000000 ${CLIENT}`)));
});

const PCP_ANSWER = `02810000 00000e10 0000012c 00000000 00000000 00000000 ${NONCE} 11000000 0fa02710 00000000 00000000 0000ffff 0b160102`;

test('answers of PCP are read as RFC 6887 has them, with and without options', () => {
  const map = {
    protocol: 'udp',
    nonce: bytes(NONCE),
    internalPort: 4_000,
    externalPort: 10_000,
    externalHost: '11.22.1.2',
  };
  const answer = { result: 'success', lifetime: 3_600, epoch: 300, map };
  assert.deepEqual(decodePcp(bytes(PCP_ANSWER)), answer);
  assert.deepEqual(decodePcp(bytes(`${PCP_ANSWER} 03000004 00000001`)), answer);
  const six = `${PCP_ANSWER.slice(0, -35)} 20010db8 00000000 00000000 00000001`;
  assert.equal(decodePcp(bytes(six)).map?.externalHost, '2001:db8:0:0:0:0:0:1');
  const refused = decodePcp(bytes(PCP_ANSWER.replace('02810000', '02810002').replace('0b160102', '00000000')));
  assert.deepEqual([refused.result, refused.map?.externalPort], ['refused', 10_000]);
  const unknown = decodePcp(bytes(`02810001 00000e10 0000012c 00000000 00000000 00000000`));
  assert.deepEqual([unknown.result, unknown.map], ['unknown version', undefined]);
  assert.equal(decodePcp(bytes('02800000 00000000 00000005 00000000 00000000 00000000')).map, undefined);
});

test('what is no answer of PCP, or maps to no address, is malformed', () => {
  const bad = {
    'a request': PCP_ANSWER.replace('0281', '0201'),
    'too short': PCP_ANSWER.slice(0, 60),
    'not of words': `${PCP_ANSWER} 00`,
    'another opcode': PCP_ANSWER.replace('0281', '0282'),
    'another protocol': PCP_ANSWER.replace(`${NONCE} 11`, `${NONCE} 84`),
    'port 0': PCP_ANSWER.replace('0fa02710', '0fa00000'),
    'no host': PCP_ANSWER.replace('0b160102', '00000000'),
    multicast: PCP_ANSWER.replace('0b160102', 'e0000001'),
    'too long': `${PCP_ANSWER} ${'00'.repeat(1_100)}`,
  };
  for (const [name, text] of Object.entries(bad)) assert.throws(() => decodePcp(bytes(text)), malformed, name);
});

test('NAT-PMP has the bytes of RFC 6886, and its answers are read', () => {
  const map = { protocol: 'tcp', internalPort: 4_000, externalPort: 4_001, lifetime: 3_600 } as const;
  assert.equal(hex(encodeNatPmpAddress()), '0000');
  assert.equal(hex(encodeNatPmpMap(map)), hex(bytes('00020000 0fa00fa1 00000e10')));
  assert.equal(hex(encodeNatPmpMap({ ...map, lifetime: 0 })), hex(bytes('00020000 0fa00000 00000000')));
  const address = { result: 'success', epoch: 300, about: 'address', host: '11.22.1.2' };
  assert.deepEqual(decodeNatPmp(bytes('00800000 0000012c 0b160102')), address);
  const { host: _, ...none } = address;
  assert.deepEqual(decodeNatPmp(bytes('00800000 0000012c 00000000')), none);
  const mapped = { internalPort: 4_000, externalPort: 10_000, lifetime: 3_600 };
  assert.deepEqual(decodeNatPmp(bytes('00810000 0000012c 0fa02710 00000e10')), {
    ...{ result: 'success', epoch: 300, about: 'udp', map: mapped },
  });
  assert.equal(decodeNatPmp(bytes('00810002 0000012c')).result, 'refused');
  assert.equal(decodeNatPmp(bytes('00810001 0000012c')).result, 'unknown version');
});

test('a short datagram, and a mapping to no port, are malformed in NAT-PMP', () => {
  for (const text of [
    '',
    '00',
    '0080',
    '00800000 0000012c',
    '00810000 0000012c 0fa0',
    '00010000 0000012c 0fa02710 00000e10',
  ]) {
    assert.throws(() => decodeNatPmp(bytes(text)), malformed, text);
  }
  assert.throws(() => decodeNatPmp(bytes('00810000 0000012c 0fa00000 00000e10')), malformed);
  assert.throws(() => decodeNatPmp(bytes('00850000 0000012c 0fa02710 00000e10')), malformed);
});
