/**
 * What routers log about registrations or rekeys that they refuse, and about KSs that do not fit together.
 */
import { describe, expect, test } from 'vitest';
import { loggedReason, type LoggedReason, withReason } from '../../../src/gdoi/log/logged-reason.ts';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, OVERDUE, said } from './members.ts';

function logged(second: number, mnemonic: string, text: string): LoggedReason {
  const reason = loggedReason(
    { facility: 'GDOI', severity: 3, mnemonic, text, timestamp: null, sequence: null },
    START + second * 1000,
  );
  if (reason === null) throw new Error(`${mnemonic} states no reason`);
  return reason;
}

describe('a GM that refuses the rekeys it gets', () => {
  const SIGNATURE = logged(
    10,
    'GDOI_REKEY_FAILURE',
    'Processing of REKEY payloads failed on GM 10.0.0.1 in the group G1',
  );
  const CIPHER = logged(10, 'GM_REKEY_CIPHER_HASH_CHECK_FAIL', 'Rekey cipher AES used in Group G1 is unacceptable');
  const TRANSFORM = logged(10, 'GM_REKEY_TRANSFORMSET_CHECK_FAIL', 'The transformset in Group G1 is unacceptable');
  const SEQUENCE = logged(10, 'GDOI_REKEY_SEQ_FAILURE', 'Failed to process rekey seq # 1 for group G1, last seq # 17');

  const toldOf = (...reasons: readonly LoggedReason[]) => {
    const fleet = new Fleet();
    fleet.see(ks(0, { kekExpiry: 180 }), member(2, 0, { kekExpiry: 80_000 }));
    return said(fleet, member(1, 30, OVERDUE, { reasons }));
  };

  test.each([
    ['their signature', [SIGNATURE], 'their signature or content does not fit', /mypubkey rsa/u],
    ['their cipher', [CIPHER], 'their cipher, hash or transform set is not allowed there', /allowable rekey cipher/u],
    ['their transform set', [TRANSFORM], 'their cipher, hash or transform set is not allowed there', /allowable/u],
    ['their sequence number', [SEQUENCE], 'their sequence number does not follow', /Last rekey seq num/u],
    ['two reasons', [CIPHER, SEQUENCE], 'their logs say why', /allowable/u],
  ])('is rekeys_refused, not path_loss, when it refuses them for %s', (_what, reasons, why, firstStep) => {
    expect(toldOf(...reasons)).toMatchObject({
      cause: 'rekeys_refused',
      summary: `GM gm1 receives rekeys and refuses them since 08:00:10 UTC: ${why}`,
      firstStep: expect.stringMatching(firstStep),
      scope: ['gm1'],
      evidence: reasons.map(({ text }) => `gm1, 08:00:10 UTC: ${text}`),
    });
  });

  test('is not reported for a refused sequence number while it has all keys', () => {
    expect(said(new Fleet(), ks(0), member(1, 0), member(2, 30, {}, { reasons: [SEQUENCE] }))).toBe('ok');
  });

  test('is a path_loss when it refused only a repeated rekey, by its sequence number, and lost the next one', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { kekExpiry: 180 }), member(2, 0, { kekExpiry: 80_000 }));
    // Its last rekey came five seconds before the message.
    const gm1 = member(1, 30, { ...OVERDUE, lastAge: 25 }, { reasons: [SEQUENCE] });
    expect(said(fleet, gm1)).toMatchObject({ cause: 'path_loss' });
  });

  test('comes after the first step for its KS when that has no key to sign rekeys with', () => {
    const keyless = logged(10, 'KS_NO_RSA_KEYS', 'RSA Key - REKEY : Not found, Required for group G1');
    const server = { ...ks(0, { kekExpiry: 180 }), context: { ...NO_CONTEXT, reasons: [keyless] } };
    expect(said(new Fleet(), server, member(1, 30, OVERDUE, { reasons: [CIPHER] }))).toMatchObject({
      summary: 'KS ks1 has no RSA key to sign rekeys with, by the log since 08:00:10 UTC',
      firstStep: expect.stringContaining('mypubkey rsa'),
    });
  });

  test('keeps the other reason that it logged before twenty refusals for the sequence number', () => {
    const fleet = new Fleet();
    const numbers = Array.from({ length: 20 }, (_, n) =>
      logged(n, 'GDOI_REKEY_SEQ_FAILURE', `Failed to process rekey seq # ${n} for group G1, last seq # 17`),
    );
    const kept = numbers.reduce(withReason, [CIPHER]);
    fleet.see(ks(0, { kekExpiry: 180 }));
    expect(said(fleet, member(1, 30, OVERDUE, { reasons: kept }))).toMatchObject({
      summary: expect.stringContaining('their logs say why'),
    });
  });
});

describe('KSs of one group that do not fit together', () => {
  const MISMATCH = logged(
    20,
    'COOP_CONFIG_MISMATCH',
    'WARNING: TEK configuration in group G1 mismatched with 10.1.0.2',
  );
  const LIMIT = logged(20, 'COOP_LIMIT_REACHED', 'Peer 10.1.0.2 has reached its COOP limit of GMs in group G1');
  const saying = (second: number, ...reasons: readonly LoggedReason[]) => ({
    ...ks(second),
    context: { ...NO_CONTEXT, reasons },
  });

  test('are a page when their policies differ, even if every GM is well', () => {
    expect(said(new Fleet(), member(1, 0), saying(30, MISMATCH))).toMatchObject({
      cause: 'coop_mismatch',
      phase: 'present',
      status: 'critical',
      summary: 'KS ks1 says of G1 since 08:00:20 UTC: the policies of its KSs differ',
      firstStep: 'show crypto gdoi ks policy and show crypto gdoi ks acl on every KS: where do they differ?',
      scope: ['ks1'],
      evidence: [`ks1, 08:00:20 UTC: ${MISMATCH.text}`],
    });
  });

  test('are a ticket when one of them can hold no more GMs', () => {
    expect(said(new Fleet(), member(1, 0), saying(30, LIMIT))).toMatchObject({
      cause: 'coop_mismatch',
      status: 'warning',
      summary: 'KS ks1 says of G1 since 08:00:20 UTC: a KS can hold no more GMs',
    });
  });

  test('are reported for the worse of two problems when a KS logs both', () => {
    expect(said(new Fleet(), member(1, 0), saying(30, LIMIT, MISMATCH))).toMatchObject({ status: 'critical' });
  });

  test('are dated by the problem that is reported now, not by the one reported before', () => {
    const fleet = new Fleet();
    expect(said(fleet, member(1, 0), saying(30, LIMIT))).toMatchObject({ status: 'warning' });
    const later = logged(
      300,
      'COOP_CONFIG_MISMATCH',
      'WARNING: TEK configuration in group G1 mismatched with 10.1.0.2',
    );
    expect(said(fleet, member(1, 290), saying(310, LIMIT, later))).toMatchObject({
      summary: 'KS ks1 says of G1 since 08:05:00 UTC: the policies of its KSs differ',
    });
  });

  test('are no longer reported ten minutes after the last message of a KS', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0), saying(30, MISMATCH));
    expect(said(fleet, member(1, 600), saying(610, MISMATCH))).toMatchObject({ cause: 'coop_mismatch' });
    expect(said(fleet, member(1, 620), saying(630, MISMATCH))).toBe('ok');
  });
});

function withoutAddress(facts: MemberFacts): MemberFacts {
  const { gm } = facts;
  return gm === null ? facts : { ...facts, gm: { ...gm, snapshot: { ...gm.snapshot, address: null } } };
}

describe('a KS that refuses registrations', () => {
  const STRANGER = '203.0.113.42';
  const IDENTITY = [
    'UNAUTHORIZED_IDENTITY',
    'Group G1 received registration from unauthorized identity: cn=x',
  ] as const;
  const VERSION = ['REJECT_GM_VERSION_REGISTER', 'Reject registration of a GM in group G1: version too old'] as const;
  const BAD_ID = ['KS_BAD_ID', 'Registration: bad ID payload in group G1'] as const;
  const INTERFACE = ['UNREGISTERED_INTERFACE', 'Group G1 received registration from unregistered interface.'] as const;
  const refusing = (second: number, ...reasons: readonly LoggedReason[]) => ({
    ...ks(second),
    context: { ...NO_CONTEXT, reasons },
  });
  const UNREGISTERED = { registered: false, teks: null, kekExpiry: null } as const;

  test.each([
    ['its identity', IDENTITY, 'unauthorized', 'its identity or address is not authorised for G1', /authorization/u],
    ['its version', VERSION, 'registration_refused', 'its GETVPN version is not accepted', /show crypto gdoi feature/u],
    [
      'its group identity',
      BAD_ID,
      'registration_refused',
      'it sends a group identity that the KS does not know',
      /the identity of the group/u,
    ],
    [
      'its interface',
      INTERFACE,
      'registration_refused',
      'its registration arrives on an interface that is not registered',
      /on which interface/u,
    ],
  ] as const)(
    'is reported when it refuses a GM that is not polled for %s, even if all others are well',
    (_what, [mnemonic, text], cause, why, firstStep) => {
      const reason = logged(20, mnemonic, `${text}. Peer Address: ${STRANGER}`);
      expect(said(new Fleet(), member(1, 0), refusing(30, reason))).toMatchObject({
        cause,
        phase: 'present',
        status: 'warning',
        summary: `KS ks1 refuses GM ${STRANGER} since 08:00:20 UTC: ${why}`,
        consequence: null,
        firstStep: expect.stringMatching(firstStep),
        scope: ['ks1'],
        evidence: [`ks1, 08:00:20 UTC: ${reason.text}`],
      });
    },
  );

  test.each([
    ['an IPv6 address', 'Peer Address: 2001:db8::42', 'GM 2001:db8::42'],
    ['two addresses', 'Peer Address: 203.0.113.42, before 203.0.113.7', '2 GMs (203.0.113.7, 203.0.113.42)'],
    ['the address of its KS', 'Peer Address: 10.1.0.1', 'a GM'],
    ['only a time', 'at 12:00:20', 'a GM'],
    ['an address that was cut', `${'x'.repeat(110)} Peer Address: 203.0.113.42`, 'a GM'],
  ])('names a GM that is not polled from a message with %s', (_what, text, whom) => {
    const reason = logged(20, VERSION[0], `${VERSION[1]}. ${text}`);
    expect(said(new Fleet(), member(1, 0), refusing(30, reason))).toMatchObject({
      summary: expect.stringContaining(`refuses ${whom} since`),
    });
  });

  test('is reported with the name and the traffic of a polled GM that is not registered', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(2, 0));
    const reason = logged(40, VERSION[0], `${VERSION[1]}. Peer Address: 10.0.0.1`);
    fleet.see(member(1, 60, UNREGISTERED), refusing(60, reason));
    expect(said(fleet, member(1, 300, UNREGISTERED), refusing(300, reason))).toMatchObject({
      cause: 'registration_refused',
      status: 'critical',
      summary: 'KS ks1 refuses GM gm1 since 08:00:40 UTC: its GETVPN version is not accepted',
      consequence: { what: 'traffic of GM gm1 is dropped, or in clear where it fails open' },
      firstStep: expect.stringContaining('for gm1: show crypto gdoi feature'),
      scope: ['gm1', 'ks1'],
    });
  });

  test.each([
    ['10.0.0.1', 'certain'],
    ['', 'likely'],
  ])('refuses a polled GM that shows the address "%s": that this GM is meant is %s', (address, confidence) => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(2, 0));
    const reason = logged(40, VERSION[0], `${VERSION[1]}. Peer Address: 10.0.0.1`);
    const off = member(1, 60, UNREGISTERED);
    const shown = address === '' ? withoutAddress(off) : off;
    fleet.see(shown, refusing(60, reason));
    expect(fleet.see().explanations.find(({ cause }) => cause === 'registration_refused')).toMatchObject({
      scope: ['gm1', 'ks1'],
      confidence,
    });
  });

  test('is not reported when the polled GM that it refused is registered since', () => {
    const reason = logged(20, VERSION[0], `${VERSION[1]}. Peer Address: 10.0.0.1`);
    expect(said(new Fleet(), member(1, 30), refusing(30, reason))).toBe('ok');
  });

  test('is reported with both of two reasons and the first step for the first one', () => {
    const reasons = [logged(20, ...BAD_ID), logged(25, ...VERSION)];
    expect(said(new Fleet(), member(1, 0), refusing(30, ...reasons))).toMatchObject({
      summary:
        'KS ks1 refuses a GM since 08:00:20 UTC: its GETVPN version is not accepted; it sends a group identity that the KS does not know',
      firstStep: expect.stringContaining('show crypto gdoi feature'),
    });
  });

  test('is dated by the present reason when it refused for another one before', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0), refusing(30, logged(20, ...BAD_ID)));
    const later = logged(900, ...VERSION);
    expect(said(fleet, member(1, 905), refusing(910, later))).toMatchObject({
      summary: 'KS ks1 refuses a GM since 08:15:00 UTC: its GETVPN version is not accepted',
    });
  });

  test('is dated by the first of repeated refusals and is over ten minutes after the last', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0), refusing(30, logged(20, ...BAD_ID)));
    fleet.see(member(1, 500), refusing(505, logged(500, ...BAD_ID)));
    const last = logged(1000, ...BAD_ID);
    expect(said(fleet, member(1, 1090), refusing(1095, last))).toMatchObject({
      summary: expect.stringContaining('refuses a GM since 08:00:20 UTC'),
    });
    expect(said(fleet, member(1, 1610), refusing(1615, last))).toBe('ok');
  });
});

test('reports a rekey as refused until the next one, and its missing acknowledgement is no path_loss', () => {
  const members = { '10.0.0.1': 1, '10.0.0.2': 0 };
  const refusal = logged(
    10,
    'GDOI_REKEY_FAILURE',
    'Processing of REKEY payloads failed on GM 10.0.0.1 in the group G1',
  );
  const fleet = new Fleet();
  fleet.see(ks(0, { members: { ...members, '10.0.0.1': 0 } }), member(1, 0), member(2, 0));
  const told = (second: number) =>
    said(
      fleet,
      ks(second, { members }),
      member(1, second, { lastAge: 4000 + second }, { reasons: [refusal] }),
      member(2, second, { lastAge: second - 10 }),
    );
  expect(told(60)).toMatchObject({ cause: 'rekeys_refused', scope: ['gm1'] });
  expect(told(900)).toMatchObject({
    cause: 'rekeys_refused',
    summary: expect.stringMatching(/^GM gm1 receives rekeys and refuses them since 08:00:10 UTC/u),
  });
});
