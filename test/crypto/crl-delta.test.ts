import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { acceptCrl, type Revocation, type RevocationList, readCrl } from '../../src/crypto/crl.js';
import { inOrder, patchedCrl } from '../../src/crypto/crl-delta.js';
import { ListChanges } from '../../src/directory/authority/list-changes.js';
import { CRL_BYTES, CRL_DELTA_ENTRIES, CRL_ENTRIES } from '../../src/wire/limits.js';
import { NOW, testAuthority } from '../support/pki.js';
import { seededRandom } from '../support/random.js';

const { authority, trust } = testAuthority();
const SEED = 'crl-delta';
const random = seededRandom(SEED);
const serial = (): string => `41${Buffer.from(random.bytes(15)).toString('hex')}`;

/** A directory's lists, one after the other. */
function maker() {
  const changes = new ListChanges();
  let listed = new Map<string, number>();
  let number = 0;
  const publish = (change: (listed: Map<string, number>) => void): Uint8Array => {
    const next = new Map(listed);
    change(next);
    const at = NOW + ++number * 1000;
    const revocations: Revocation[] = inOrder([...next].map(([name, when]) => ({ serial: name, at: when })));
    const der = authority.issueCrl({ number, now: at, revocations });
    changes.note(listed, next, { number, at, der });
    listed = next;
    return der;
  };
  return { changes, publish };
}

const accepted = (ours: RevocationList, der: Uint8Array) => acceptCrl(ours, der, { trust, now: NOW + 100_000 });

test(`C4 changes lead from any list since the base to the very list the directory made (seed ${SEED})`, () => {
  const { changes, publish } = maker();
  const pool = Array.from({ length: 60 }, serial);
  let readers = [
    readCrl(
      publish(() => {}),
      trust,
    ),
  ];
  for (let round = 0; round < 30; round++) {
    let der = new Uint8Array(0);
    const between: RevocationList[] = [];
    for (let step = 0; step <= round % 4; step++) {
      der = Uint8Array.from(
        publish((listed) => {
          for (const name of pool) {
            const chance = random.bytes(1)[0]!;
            if (chance < 40) listed.set(name, NOW + round * 10_000 + step);
            else if (chance < 60) listed.delete(name);
          }
        }),
      );
      between.push(readCrl(der, trust));
    }
    const delta = changes.take()!;
    readers = [...readers, ...between.slice(0, -1)].map((ours) => {
      const mine = patchedCrl(ours, delta, trust)!;
      assert.deepEqual(Buffer.from(mine), Buffer.from(der), `round ${round}, from list ${ours.number}`);
      return accepted(ours, mine);
    });
    readers = readers.slice(0, 1);
  }
});

test('C4 changes of a later base are of no use, and forged ones are not signed by the directory', () => {
  const { changes, publish } = maker();
  const first = readCrl(
    publish(() => {}),
    trust,
  );
  publish((listed) => listed.set(serial(), NOW));
  changes.take();
  publish((listed) => listed.set(serial(), NOW));
  const later = changes.take()!;
  assert.equal(patchedCrl(first, later, trust), undefined);
  const forged = { ...later, base: 0 };
  assert.throws(
    () => accepted(first, patchedCrl(first, forged, trust)!),
    (error) => hasCode(error, 'crl-untrusted'),
  );
});

test('where more has changed than fits into one notice, the whole list is told', () => {
  const { changes, publish } = maker();
  publish(() => {});
  publish((listed) => {
    for (let n = 0; n <= CRL_DELTA_ENTRIES; n++) listed.set(serial(), NOW);
  });
  assert.equal(changes.take(), undefined);
});

test('C4 N3 the longest list a directory makes is far below what everybody takes', () => {
  const longest = () => `7f${Buffer.from(random.bytes(15)).toString('hex')}`;
  // Times from 2050 on take two bytes more.
  const at = Date.UTC(2051, 0, 1);
  const revocations = inOrder(Array.from({ length: CRL_ENTRIES }, () => ({ serial: longest(), at })));
  const der = authority.issueCrl({ number: 2 ** 48, now: at, revocations });
  assert.ok(der.length < CRL_BYTES * 0.7, `${der.length} bytes`);
  assert.equal(readCrl(der, trust).size, CRL_ENTRIES);
});
