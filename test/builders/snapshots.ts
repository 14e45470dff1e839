/**
 * What one answer shows of a group, for tests that name only what matters: a registered GM of G1 and a KS of it, and
 * the keys, counts and rows in them. The builders of observations, group members, views and health start from these.
 */
import {
  emptyGmSnapshot,
  emptyKsSnapshot,
  type GmKek,
  type GmRekeys,
  type GmSnapshot,
  type GmTek,
  type KsKey,
  type KsMember,
  type KsSnapshot,
} from '../../src/gdoi/seen/snapshot.ts';

/** Registered, and nothing else is shown. */
export function aGm(over: Partial<GmSnapshot> = {}): GmSnapshot {
  return { ...emptyGmSnapshot('G1'), status: 'Registered', registered: true, ...over };
}

export function aKs(over: Partial<KsSnapshot> = {}): KsSnapshot {
  return { ...emptyKsSnapshot('G1'), ...over };
}

/** A GM's KEK; null: no lifetime is shown, as by old releases. */
export function aKek(remainingSeconds: number | null, over: Partial<GmKek> = {}): GmKek {
  return {
    transport: 'unicast',
    remainingSeconds,
    encryption: 'AES',
    keyBits: 256,
    signatureHash: null,
    signatureKeyBits: null,
    ...over,
  };
}

/** A TEK on a GM's interface. */
export function aTek(remainingSeconds: number | null, over: Partial<GmTek> = {}): GmTek {
  return { interface: 'Gi0', spi: '0x0000000A', transform: null, remainingSeconds, antiReplay: null, ...over };
}

/** All of them since the registration, and acknowledged. */
export function rekeysReceived(received: number | null, over: Partial<GmRekeys> = {}): GmRekeys {
  return {
    received,
    sinceRegistration: received,
    acksSent: received,
    lastFrom: null,
    lastSequence: null,
    lastAgeSeconds: null,
    ...over,
  };
}

/** A KEK or TEK as its KS shows it, of which it shows no more than what is left. */
export function aKsKey(remainingSeconds: number | null, over: Partial<KsKey> = {}): KsKey {
  return { spi: null, lifetimeSeconds: null, remainingSeconds, timeToRekeySeconds: null, ...over };
}

/** A KEK of a day that is renewed 235 s before its end. */
export function aKsKekOfADay(remainingSeconds: number): KsKey {
  return aKsKey(remainingSeconds, { lifetimeSeconds: 86_400, timeToRekeySeconds: Math.max(0, remainingSeconds - 235) });
}

/** A row of `ks members`: four rekeys were sent to it. */
export function aKsMember(address: string, acksMissed = 0, over: Partial<KsMember> = {}): KsMember {
  return {
    address,
    version: '1.0.25',
    state: 'Registered',
    keyServer: '10.1.11.2',
    rekeysSent: 4,
    rekeyRetries: 0,
    acksReceived: 4 - acksMissed,
    acksMissed,
    ...over,
  };
}
