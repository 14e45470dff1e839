/** RESTCONF documents to snapshots: what is read, what is left out, and which countdown follows from an instant. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MOST_MEMBERS, MOST_PEERS, MOST_TEKS } from '../../src/gdoi/seen/row-bounds.ts';
import { decodeGdoi, type NodeDocument, type NodeDocuments } from '../../src/yang/decode-gdoi.ts';
import { GDOI_NODE_NAMES, type GdoiNode } from '../../src/yang/gdoi-nodes.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
/** The device's clock is an hour ahead of the agent's. */
const DEVICE_NOON = NOON + 3_600_000;

function at(offsetSeconds: number): string {
  return new Date(DEVICE_NOON + offsetSeconds * 1000).toISOString().replace('.000Z', '+00:00');
}

function documents(bodies: Partial<Record<GdoiNode, readonly object[]>>): NodeDocuments {
  return new Map(
    Object.entries(bodies).map(([node, list]): [GdoiNode, NodeDocument] => [
      node as GdoiNode,
      {
        body: { [`Cisco-IOS-XE-crypto-oper:${node}`]: list },
        deviceNowMs: DEVICE_NOON,
        sentAtMs: NOON - 100,
        receivedAtMs: NOON + 100,
      },
    ]),
  );
}

const MEMBER = {
  'group-name': 'WAN',
  'local-addr': '192.0.2.11',
  'remote-addr': '192.0.2.1',
  'vrf-enabled': false,
  'gm-ver': '1.0.27',
  'gm-state': 'crypto-reg-status-registered',
  'prev-reg-time': at(-600),
  'secs-to-re-reg': 3400,
  'succ-reg': 3,
  'att-reg': 4,
  'last-rekey-from-ks': '192.0.2.1',
  'last-rekey-seq-num': 7,
  'last-rekey-time': at(-60),
  'rekeys-rcvd': 2,
  'rekey-acks-sent': 2,
  'active-tek-count': 1,
};
const GM = { 'group-name': 'WAN', 'sa-dir': 'crypto-sa-dir-both', 'gm-entry': [MEMBER] };
const KEK = {
  'transport-type': 'crypto-rekey-transport-unicast',
  'kek-spi': '00112233445566778899aabbccddeeff',
  'encr-alg': 'crypto-encr-aes',
  'key-size': 32,
  'birth-time': at(-1000),
  'orig-life': 86_400,
  'sig-key-len': 2048,
  'gm-mode': true,
  'if-name': 'GigabitEthernet1',
};
const REKEY = {
  'group-name': 'WAN',
  'transport-type': 'crypto-rekey-transport-unicast',
  'total-rekeys-rcv': 9,
  'rekeys-rcv-after-reg': 2,
  'rekey-acks-sent': 9,
};

function gm(overrides: object = {}, more: Partial<Record<GdoiNode, readonly object[]>> = {}) {
  const reading = decodeGdoi(
    documents({
      'gdoi-gm': [{ ...GM, 'gm-entry': [{ ...MEMBER, ...overrides }] }],
      'gdoi-gm-rekey': [REKEY],
      'gdoi-rekey-sa': [{ 'group-name': 'WAN', 'kek-entry': [KEK] }],
      ...more,
    }),
  );
  const [snapshot] = reading.snapshots;
  if (snapshot?.role !== 'gm') throw new Error('no GM');
  return { ...reading, snapshot };
}

describe('a GM', () => {
  test('shows state, counters, key server and KEK, with countdowns by the device’s own clock', () => {
    const { snapshot, unknown, problems } = gm();
    expect(problems).toEqual([]);
    expect(unknown).toBe(0);
    expect(snapshot).toMatchObject({
      group: 'WAN',
      address: '192.0.2.11',
      status: 'Registered',
      registered: true,
      keyServer: '192.0.2.1',
      // registered 600 s ago; the 3400 s count from there
      reregistersInSeconds: 2800,
      registrations: { succeeded: 3, attempted: 4 },
      rekeys: { received: 9, sinceRegistration: 2, acksSent: 9, lastSequence: 7, lastAgeSeconds: 60 },
      kek: {
        spi: '0x00112233445566778899AABBCCDDEEFF',
        transport: 'unicast',
        remainingSeconds: 85_400,
        encryption: 'AES',
        keyBits: 256,
        signatureKeyBits: 2048,
      },
      teks: null,
    });
  });

  test('has its last registration converted to the agent’s clock, to the second', () => {
    expect(gm().registered.get('WAN')).toEqual({
      // The device's clock is an hour ahead.
      deviceMs: NOON + 3_000_000,
      between: { fromMs: NOON - 601_100, toMs: NOON - 598_900 },
    });
  });

  test.each([
    ['crypto-reg-status-registering', 'Registering', false],
    ['crypto-reg-status-re-registering', 'Re-registering', false],
    ['crypto-reg-status-uninit', 'Uninitialized', false],
    ['crypto-reg-status-unknown', 'Unknown', null],
  ])('in state %s is shown as %s', (word, status, registered) => {
    expect(gm({ 'gm-state': word }).snapshot).toMatchObject({ status, registered });
  });

  test('has its addresses spelled as the CLI spells them, so that they match the lists of a KS', () => {
    const shown = gm({ 'local-addr': '2001:db8::a%GigabitEthernet1', 'remote-addr': '2001:db8::1' }).snapshot;
    expect(shown).toMatchObject({ address: '2001:DB8::A', keyServer: '2001:DB8::1' });
  });

  test.each(['2026-02-30T11:00:00+00:00', '2026-04-31T11:00:00Z', '2026-01-01T24:00:00Z'])(
    'does not show a registration at an impossible instant (%s), and counts it as unknown',
    (instant) => {
      expect(gm({ 'prev-reg-time': instant })).toMatchObject({ registered: new Map(), unknown: 1 });
    },
  );

  test.each(['1970-01-01T00:00:00+00:00', '1970-01-01T00:00:00.00001+00:00'])(
    'that never got a rekey and was never registered shows %s: both are absent, and nothing is odd',
    (never) => {
      const shown = gm({
        'gm-state': 'crypto-reg-status-registering',
        'last-rekey-time': never,
        'prev-reg-time': never,
      });
      expect(shown).toMatchObject({ registered: new Map(), unknown: 0, problems: [] });
      expect(shown.snapshot).toMatchObject({ reregistersInSeconds: null, rekeys: { lastAgeSeconds: null } });
    },
  );

  test('counts a leaf that another module adds under a known name, and does not use it for the known one', () => {
    const other = { 'acme-crypto:gm-state': 'crypto-reg-status-registering' };
    for (const leaves of [
      { ...other, ...MEMBER },
      { ...MEMBER, ...other },
    ]) {
      const { snapshots, unknown } = decodeGdoi(documents({ 'gdoi-gm': [{ ...GM, 'gm-entry': [leaves] }] }));
      expect(snapshots).toMatchObject([{ status: 'Registered' }]);
      expect(unknown).toBe(1);
    }
  });

  test('has an unknown registration status in an unknown state, which is reported as a problem', () => {
    const { snapshot, problems } = gm({ 'gm-state': 'crypto-reg-status-dozing' });
    expect(snapshot).toMatchObject({ status: null, registered: null });
    expect(problems).toEqual(['gdoi-gm/gm-entry: gm-state: not what the model says']);
  });

  test('has no KEK if there is no KEK entry', () => {
    expect(gm({}, { 'gdoi-rekey-sa': [{ 'group-name': 'WAN' }] }).snapshot.kek).toBeNull();
    expect(gm({}, { 'gdoi-rekey-sa': [] }).snapshot).toMatchObject({ kek: null, kekAbsent: true });
  });

  test('has a KEK of which nothing is known if the node of the KEKs was not read', () => {
    const [snapshot] = decodeGdoi(documents({ 'gdoi-gm': [GM] })).snapshots;
    expect(snapshot).toMatchObject({ kek: { transport: null, remainingSeconds: null } });
    expect(snapshot).not.toHaveProperty('kekAbsent');
  });

  test.each([
    ['an entry in the list of KEKs that is not a KEK', [{ 'group-name': 'WAN', 'kek-entry': ['key'] }]],
    ['an entry in the list of groups without a name', [{ 'kek-entry': [KEK] }]],
    ['an entry in the list of groups that is not a group', ['WAN']],
  ])('has a KEK of which nothing is known if there is %s', (_, rekeySas) => {
    const { snapshot, unknown } = gm({}, { 'gdoi-rekey-sa': rekeySas as object[] });
    expect(snapshot.kek).toMatchObject({ remainingSeconds: null, transport: null });
    expect(unknown).toBeGreaterThan(0);
  });

  test('has a KEK with an unknown lifetime if that was never filled in: a lifetime of 0 is none', () => {
    const { snapshot } = gm(
      {},
      { 'gdoi-rekey-sa': [{ 'group-name': 'WAN', 'kek-entry': [{ ...KEK, 'orig-life': 0 }] }] },
    );
    expect(snapshot.kek).toMatchObject({ spi: '0x00112233445566778899AABBCCDDEEFF', remainingSeconds: null });
  });

  test('has no countdown if that went below 0 and shows 32 bits, which is reported', () => {
    const { snapshot, problems } = gm({ 'secs-to-re-reg': 4_294_967_290 });
    expect(snapshot.reregistersInSeconds).toBeNull();
    expect(problems).toEqual(['gdoi-gm/gm-entry: secs-to-re-reg: longer than any key lives']);
  });

  test('is described by the entry with the lowest address, and another one that is not registered is reported', () => {
    const other = { ...MEMBER, 'local-addr': '192.0.2.12', 'gm-state': 'crypto-reg-status-registering' };
    for (const entries of [
      [MEMBER, other],
      [other, MEMBER],
    ]) {
      const { snapshots, problems } = decodeGdoi(documents({ 'gdoi-gm': [{ ...GM, 'gm-entry': entries }] }));
      expect(snapshots).toMatchObject([{ address: '192.0.2.11', registered: true }]);
      expect(problems).toEqual(['gdoi-gm/gm-entry: gm-state: Registering, and another entry is not']);
    }
    const { problems } = decodeGdoi(documents({ 'gdoi-gm': [{ ...GM, 'gm-entry': [MEMBER, { ...MEMBER }] }] }));
    expect(problems).toEqual([]);
  });

  test('has a KEK of which nothing is known if another document comes in place of the KEKs', () => {
    const known = documents({ 'gdoi-gm': [GM] });
    const { snapshots } = decodeGdoi(
      new Map([...known, ['gdoi-rekey-sa', { ...[...known.values()][0]!, body: { 'gdoi-gm': [] } }]]),
    );
    expect(snapshots[0]).toMatchObject({ kek: { remainingSeconds: null } });
  });

  test('has the newest of its KEKs, and not one that the device holds as a KS', () => {
    const older = { ...KEK, 'birth-time': at(-86_000), 'kek-spi': 'ff'.repeat(16) };
    const asKs = { ...KEK, 'birth-time': at(-1), 'gm-mode': false, 'kek-spi': 'ee'.repeat(16) };
    const { snapshot } = gm({}, { 'gdoi-rekey-sa': [{ 'group-name': 'WAN', 'kek-entry': [older, KEK, asKs] }] });
    expect(snapshot.kek?.spi).toBe('0x00112233445566778899AABBCCDDEEFF');
  });

  test.each([
    ['when its countdown is over', { 'secs-to-re-reg': 100 }, 'reregistersInSeconds'],
    ['when the instant from which it counts is missing', { 'prev-reg-time': undefined }, 'reregistersInSeconds'],
  ])('shows no countdown %s', (_, overrides, field) => {
    expect(gm(overrides).snapshot).toHaveProperty(field, null);
  });

  test('shows counters but no countdowns when the device’s clock is unknown', () => {
    const known = documents({ 'gdoi-gm': [GM], 'gdoi-rekey-sa': [{ 'group-name': 'WAN', 'kek-entry': [KEK] }] });
    const { snapshots, registered } = decodeGdoi(
      new Map([...known].map(([node, document]) => [node, { ...document, deviceNowMs: null }])),
    );
    expect(snapshots[0]).toMatchObject({
      reregistersInSeconds: null,
      registrations: { succeeded: 3 },
      kek: { remainingSeconds: null, spi: '0x00112233445566778899AABBCCDDEEFF' },
    });
    expect(registered.size).toBe(0);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '$&', 'G 1'])('may be in group %s', (group) => {
    const text = JSON.stringify([{ ...GM, 'group-name': group }]);
    const { snapshots, unknown } = decodeGdoi(documents({ 'gdoi-gm': JSON.parse(text) as object[] }));
    expect(snapshots.map((snapshot) => snapshot.group)).toEqual([group]);
    expect(unknown).toBe(0);
  });

  test('is decoded as usual with leaves of a later release, which are reported as problems', () => {
    const { snapshot, problems } = gm({ 'quantum-state': 'cat', __proto__x: 1 });
    expect(problems).toEqual(['gdoi-gm/gm-entry: quantum-state: not known', 'gdoi-gm/gm-entry: __proto__x: not known']);
    expect(snapshot.registered).toBe(true);
  });

  test('shows the counters of the data plane and of anti-replay if they were requested', () => {
    const { snapshot } = gm(
      {},
      {
        'gdoi-gm-replay': [
          { 'group-name': 'WAN', 'time-based-replay': true, 'input-error-pkts': 5, 'max-time-delta': 2 },
        ],
        'gdoi-gm-dp-counters': [{ 'group-name': 'WAN', 'pkts-encrypt': 10, 'pkts-no-sa': 3 }],
      },
    );
    expect(snapshot.replay).toMatchObject({
      enabled: true,
      inputErrors: 5,
      outputErrors: null,
      maxTimeDeltaSeconds: 2,
    });
    expect(snapshot.dataplane).toEqual({ encrypted: 10, decrypted: null, errors: { no_sa: 3 } });
  });
});

const KS = {
  'group-name': 'WAN',
  'group-id': 3333,
  'group-type': 'crypto-group-type-gdoi',
  'total-mem': 2,
  redundancy: true,
  'ks-addr': '192.0.2.1',
  priority: 100,
  role: 'crypto-ks-role-primary',
  status: 'crypto-ks-status-alive',
  version: '1.0.27',
};
function policy(kek: object, tek: object = {}) {
  return {
    'group-name': 'WAN',
    'ks-entry': [
      {
        'ks-ip': '192.0.2.1',
        'valid-kek': true,
        kek: { 'kek-spi': 'ab'.repeat(16), 'orig-life': 86_400, 'kek-birth-time': at(-1000), ...kek },
        tek: [{ 'tek-spi': '0xABCD', 'orig-life': 3600, 'tek-birth-time': at(-600), ...tek }],
      },
    ],
  };
}

function ks(more: Partial<Record<GdoiNode, readonly object[]>>) {
  const reading = decodeGdoi(documents({ 'gdoi-ks': [KS], ...more }));
  const [snapshot] = reading.snapshots;
  if (snapshot?.role !== 'ks') throw new Error('no KS');
  return { ...reading, snapshot };
}

describe('a KS', () => {
  test('has remaining lifetimes and times to rekey counted from the birth of the key', () => {
    const { snapshot, problems } = ks({
      'gdoi-ks-policy': [
        policy({ 'rem-life': 86_400, 'time-to-rekey': 86_165 }, { 'rem-life': 3600, 'time-to-rekey': 3474 }),
      ],
    });
    expect(problems).toEqual([]);
    expect(snapshot.kek).toEqual({
      spi: `0x${'AB'.repeat(16)}`,
      lifetimeSeconds: 86_400,
      remainingSeconds: 85_400,
      timeToRekeySeconds: 85_165,
    });
    expect(snapshot.teks).toEqual([
      { spi: '0x0000ABCD', lifetimeSeconds: 3600, remainingSeconds: 3000, timeToRekeySeconds: 2874 },
    ]);
  });

  test('is recognised by its figures if it shows countdowns from now instead', () => {
    const { snapshot } = ks({ 'gdoi-ks-policy': [policy({ 'rem-life': 85_400, 'time-to-rekey': 85_165 })] });
    expect(snapshot.kek).toMatchObject({ remainingSeconds: 85_400, timeToRekeySeconds: 85_165 });
  });

  test('has a lifetime that a policy change cut short counted from the birth of the key as well', () => {
    const { snapshot } = ks({ 'gdoi-ks-policy': [policy({}, { 'rem-life': 900 })] });
    expect(snapshot.teks?.[0]).toMatchObject({ lifetimeSeconds: 3600, remainingSeconds: 300 });
  });

  test('shows its members, the COOP set and its rekey settings', () => {
    const { snapshot, problems } = ks({
      'gdoi-ks-mem': [
        {
          'group-name': 'WAN',
          'tot-group-mem': 2,
          'num-rexmit': 1,
          duration: 1200,
          'gm-entry': [
            {
              'gm-number': 1,
              'gm-id': '192.0.2.11',
              'gm-ver': '1.0.27',
              'gm-state': 'crypto-reg-status-registered',
              'ks-id': '192.0.2.1',
              'rekeys-sent': 9,
              'rekey-retries': 1,
              'rekey-acks-rcvd': 8,
              'rekey-acks-missed': 1,
            },
          ],
        },
      ],
      'gdoi-ks-coop': [
        {
          'group-name': 'WAN',
          redundancy: true,
          'local-ks': { 'ks-addr': '192.0.2.1', role: 'crypto-ks-role-primary', status: 'crypto-ks-status-alive' },
          'peer-ks': [{ 'ks-addr': '192.0.2.2', role: 'crypto-ks-role-secondary', status: 'crypto-ks-status-dead' }],
        },
      ],
      'gdoi-ks-rekey': [{ 'group-name': 'WAN', 'rekeys-sent': 12, 'rexmit-period': 10, 'num-rexmit': 2 }],
    });
    expect(problems).toEqual([]);
    expect(snapshot).toMatchObject({
      identity: '3333',
      members: 2,
      redundancy: true,
      localRole: 'primary',
      localStatus: 'Alive',
      localPriority: 100,
      ksVersion: '1.0.27',
      retransmit: { periodSeconds: 10, attempts: 2 },
      rekeysSent: 12,
      lastRekeyRetransmits: 1,
      peers: [{ address: '192.0.2.2', role: 'secondary', status: 'Dead' }],
      memberDetails: [{ address: '192.0.2.11', state: 'Registered', rekeysSent: 9, acksReceived: 8, acksMissed: 1 }],
    });
    // The model gives its unit as seconds, its description as milliseconds.
    expect(snapshot).not.toHaveProperty('lastRekeyDurationMs');
  });

  test('has its own policy of those of the COOP set, and none if it is unclear which is its own', () => {
    const [own] = policy({ 'rem-life': 86_400 })['ks-entry'];
    const other = { 'ks-ip': '192.0.2.2', 'valid-kek': false };
    const both = [{ 'group-name': 'WAN', 'ks-entry': [other, own] }];
    expect(ks({ 'gdoi-ks-policy': both }).snapshot.kek?.lifetimeSeconds).toBe(86_400);
    expect(ks({ 'gdoi-ks': [{ ...KS, 'ks-addr': undefined }], 'gdoi-ks-policy': both }).snapshot.kek).toBeNull();
  });

  test('with endless lists of members, TEKs and peers is read up to the limits, and the excess is counted', () => {
    const entries = Array.from({ length: MOST_MEMBERS + 50 }, (_, index) => ({
      'gm-id': `10.0.${index >> 8}.${index & 255}`,
    }));
    const teks = Array.from({ length: MOST_TEKS + 50 }, (_, index) => ({ 'tek-spi': (index + 1).toString(16) }));
    const peers = Array.from({ length: MOST_PEERS + 50 }, (_, index) => ({ 'ks-addr': `10.1.0.${index}` }));
    const { snapshot, unknown, problems } = ks({
      'gdoi-ks-mem': [{ 'group-name': 'WAN', 'gm-entry': entries }],
      'gdoi-ks-coop': [{ 'group-name': 'WAN', 'peer-ks': peers }],
      'gdoi-ks-policy': [{ 'group-name': 'WAN', 'ks-entry': [{ 'ks-ip': '192.0.2.1', tek: teks }] }],
    });
    const shown = [snapshot.memberDetails, snapshot.teks, snapshot.peers].map((rows) => rows?.length);
    expect(shown).toEqual([MOST_MEMBERS, MOST_TEKS, MOST_PEERS]);
    for (const most of shown) expect(problems.join()).toContain(`more than ${most}`);
    expect(unknown).toBe(3);
  });

  test('marks its list of members as incomplete if one cannot be read, and reports an unreadable peer', () => {
    const [known, odd] = [{ 'gm-id': '192.0.2.11' }, { 'gm-id': 'not an address' }];
    const listed = (...entries: readonly object[]) =>
      ks({ 'gdoi-ks-mem': [{ 'group-name': 'WAN', 'gm-entry': entries }] });
    expect(listed(known).snapshot).not.toHaveProperty('membersUnread');
    for (const unread of [odd, {}]) {
      const { snapshot, unknown } = listed(known, unread);
      expect(snapshot).toMatchObject({ memberDetails: [{ address: '192.0.2.11' }], membersUnread: true });
      expect(unknown).toBe(1);
    }
    const peers = [{}, ...Array.from({ length: 40 }, (_, index) => ({ 'ks-addr': `192.0.2.${index + 1}` }))];
    const coop = ks({ 'gdoi-ks-coop': [{ 'group-name': 'WAN', 'peer-ks': peers }] });
    expect(coop.snapshot.peers).toHaveLength(31);
    expect(coop.problems.join()).toMatch(/more than 32.*ks-addr: missing/);
  });

  test('is not a GM', () => {
    expect(ks({}).snapshots.every(({ role }) => role === 'ks')).toBe(true);
  });
});

describe('whatever a device sends,', () => {
  const anyBody = fc.oneof(
    fc.jsonValue(),
    fc
      .constantFrom(...GDOI_NODE_NAMES)
      .chain((node) =>
        fc
          .array(
            fc.dictionary(
              fc.constantFrom('group-name', 'gm-entry', 'kek-entry', 'ks-entry', '__proto__'),
              fc.jsonValue(),
            ),
          )
          .map((list) => ({ [`x:${node}`]: list })),
      ),
  );

  test('it is decoded or counted, and nothing throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GDOI_NODE_NAMES), anyBody, (node, body) => {
        const { problems, unknown } = decodeGdoi(
          new Map([[node, { body, deviceNowMs: DEVICE_NOON, sentAtMs: NOON, receivedAtMs: NOON }]]),
        );
        expect(problems.length).toBeLessThanOrEqual(unknown);
        const whole =
          body !== null && typeof body === 'object' && Object.keys(body).some((name) => name.endsWith(node));
        expect(body === null || whole || unknown > 0).toBe(true);
      }),
    );
  });

  test('a node of a KS never gives a GM, nor a node of a GM a KS', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GDOI_NODE_NAMES), anyBody, (node, body) => {
        const { snapshots } = decodeGdoi(
          new Map([[node, { body, deviceNowMs: DEVICE_NOON, sentAtMs: NOON, receivedAtMs: NOON }]]),
        );
        for (const { role } of snapshots) expect(node).toBe(`gdoi-${role}`);
      }),
    );
  });
});
