import { describe, expect, test } from 'vitest';
import { type Certificate, trustpointExpiries } from '../../../src/gdoi/seen/certificate.ts';

const DAY_MS = 86_400_000;

function certificate(endDay: number | null, over: Partial<Certificate> = {}): Certificate {
  const notAfter = endDay === null ? null : { fromMs: endDay * DAY_MS, toMs: endDay * DAY_MS };
  return {
    kind: 'device',
    status: null,
    serial: null,
    issuer: null,
    subject: null,
    notBefore: null,
    notAfter,
    trustpoints: ['A'],
    ...over,
  };
}

function expiries(
  ...certificates: readonly Certificate[]
): readonly (readonly [string, Certificate['kind'], number])[] {
  return trustpointExpiries({ role: 'certificates', certificates }).map(
    ({ trustpoint, certificate: { kind }, expiry }) => [trustpoint, kind, expiry.fromMs / DAY_MS] as const,
  );
}

describe('a trustpoint is valid until the first of its certificates ends:', () => {
  test.each([
    ['its own one, which ends before that of the CA', [certificate(10), certificate(99, { kind: 'ca' })], 'device', 10],
    ['that of its CA', [certificate(10), certificate(5, { kind: 'ca' })], 'ca', 5],
    ['not one that waits to replace its own', [certificate(10), certificate(400)], 'device', 10],
  ] as const)('%s', (_title, certificates, kind, day) => {
    expect(expiries(...certificates)).toEqual([['A', kind, day]]);
  });

  test('a CA’s certificate counts for every trustpoint it is associated with', () => {
    expect(expiries(certificate(10), certificate(5, { kind: 'ca', trustpoints: ['A', 'B'] }))).toEqual([
      ['A', 'ca', 5],
      ['B', 'ca', 5],
    ]);
  });

  test('a request does not count, as it has no end, nor a self-signed certificate, as no peer accepts it', () => {
    expect(expiries(certificate(null), certificate(1, { kind: 'self_signed' }))).toEqual([]);
  });
});
