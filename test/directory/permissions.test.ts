import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import {
  assertMay,
  DEVICE_REQUESTS,
  ENROL_REQUESTS,
  takesPassword,
  VISIT_REQUESTS,
} from '../../src/directory/permissions.js';
import { directoryMethods, enrolMethods, type Role } from '../../src/wire/directory.js';
import { visitMethods } from '../../src/wire/guests.js';
import { type Action, may, PERMISSIONS, ROLES } from '../../src/wire/roles.js';

/** The table as it was agreed, written out a second time, by least role. */
const LEAST: Readonly<Record<Action, Role | 'nobody'>> = {
  'account.own': 'beginner',
  'people.see': 'beginner',
  'message.direct': 'beginner',
  'group.join': 'beginner',
  'group.create': 'advanced',
  'group.members': 'advanced',
  'message.pin': 'advanced',
  'invitation.create': 'admin',
  'person.ban': 'admin',
  'upload.remove': 'admin',
  'second-factor.reset': 'admin',
  'role.grant.beginner': 'admin',
  'role.grant.advanced': 'admin',
  'role.grant.admin': 'super-admin',
  'role.grant.super-admin': 'nobody',
};
const HEIGHT: Readonly<Record<Role | 'nobody', number>> = {
  nobody: 4,
  'super-admin': 3,
  admin: 2,
  advanced: 1,
  beginner: 0,
};

for (const action of Object.keys(PERMISSIONS) as Action[]) {
  for (const role of ROLES) {
    const allowed = HEIGHT[role] >= HEIGHT[LEAST[action]];
    test(`A9 ${role} ${allowed ? 'may' : 'may not'} ${action}`, () => assert.equal(may(role, action), allowed));
  }
}

test('A9 every request has its action, and what has none is denied to everybody', () => {
  assert.deepEqual(Object.keys(DEVICE_REQUESTS).sort(), Object.keys(directoryMethods).sort());
  for (const role of ROLES) {
    for (const method of ['', 'roles.set', 'constructor', '__proto__', 'toString']) {
      assert.throws(
        () => assertMay(role, method),
        (error: unknown) => hasCode(error, 'not-permitted'),
      );
      assert.equal(may(role, method), false);
    }
  }
});

test('N6 every request says who may, what proof it takes and what it costs', () => {
  assert.deepEqual(Object.keys(ENROL_REQUESTS).sort(), Object.keys(enrolMethods).sort());
  const rows: [string, { proof: string; cost: number }][] = Object.entries({
    ...{ ...ENROL_REQUESTS, ...DEVICE_REQUESTS, ...VISIT_REQUESTS },
  });
  assert.deepEqual(Object.keys(VISIT_REQUESTS).sort(), Object.keys(visitMethods).sort());
  for (const [method, { proof, cost }] of rows) {
    assert.ok(['none', 'certificate', 'password', 'phrase', 'code', 'link'].includes(proof), method);
    assert.ok(Number.isSafeInteger(cost) && cost > 0, `${method} costs nothing`);
  }
  for (const [method, row] of Object.entries(DEVICE_REQUESTS)) {
    assert.ok(Object.hasOwn(PERMISSIONS, row.may), method);
    assert.notEqual(row.proof, 'none', method);
  }
});

/** Requests about one's own account that end nothing, change nothing for good and hand nothing over. */
const HARMLESS = new Set([
  ...[
    'hello',
    'login.start',
    'login.finish',
    'renew',
    'crl.get',
    'factor.status',
    'devices.list',
    'presence.set',
    'preferences.get',
    'preferences.put',
  ],
  ...['keypackages.publish', 'mailbox.read', 'mailbox.ack'],
  // A list that the directory has signed itself.
  'crl.put',
  // Of what was begun with the password.
  'factor.confirm',
  'pairing.answer',
  'pairing.close',
]);

test('N4 whatever ends, changes or hands over something of the account takes the password', () => {
  for (const [method, { may: action }] of Object.entries(DEVICE_REQUESTS)) {
    if (action !== 'account.own') continue;
    const all = new Proxy({}, { get: () => true });
    assert.equal(takesPassword(method as keyof typeof DEVICE_REQUESTS, all), !HARMLESS.has(method), method);
  }
  assert.equal(takesPassword('logout', { everywhere: false }), false, 'this device alone may go by itself');
});
