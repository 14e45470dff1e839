/**
 * Why a read gave no values, in our words, translated once at the border. Tells a wrong user or key from silence if the
 * protocol lets an agent say so. Nothing that a device sent is quoted, and no secret is in a message.
 */
import { type DeviceErrorKind, DeviceFailure } from '../device-error.ts';
import type { SnmpTarget } from '../device-snmp.ts';
import { NETWORK_ERRORS } from '../network-error.ts';
import type { WalkProblem } from './column-walk.ts';
import type { ExchangeOutcome } from './exchange.ts';
import type { BulkOutcome } from './net-snmp.ts';

const OPERATION = 'read';

/** error-status values of RFC 3416 that a read can meet. */
export const ERROR_STATUS = { tooBig: 1, genErr: 5, noAccess: 6, authorizationError: 16 } as const;

export class ReadFailure extends DeviceFailure {
  override readonly name = 'ReadFailure';

  constructor(target: SnmpTarget, kind: DeviceErrorKind, what: string, credentialRefused = false) {
    const { device, host, port } = target;
    super({ kind, operation: OPERATION, message: `${device}: ${host} port ${port}: ${what}` }, credentialRefused);
  }
}

/** A failure of the operating system. */
export function networkFailure(target: SnmpTarget, error: unknown): ReadFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') {
    return new ReadFailure(target, 'refused', 'port unreachable: no SNMP agent there, or an access list says so');
  }
  const [kind, what] = (typeof code === 'string' ? NETWORK_ERRORS.get(code) : undefined) ?? [
    'unreachable',
    'the datagram could not be sent',
  ];
  return new ReadFailure(target, kind, what);
}

export function silenceFailure(
  target: SnmpTarget,
  outcome: Extract<ExchangeOutcome, { kind: 'silent' }>,
  answers: number,
): ReadFailure {
  if (outcome.unreadable > 0) {
    const came = outcome.unreadable === 1 ? 'an answer came' : `${outcome.unreadable} answers came`;
    const why = 'cut short, or with values that SNMP does not have';
    return new ReadFailure(target, 'protocol', `${came} within ${target.timeoutMs} ms that cannot be read: ${why}`);
  }
  const silence = `no answer within ${target.timeoutMs} ms`;
  if (answers > 0)
    return new ReadFailure(target, 'timeout', `${silence} after ${answers} ${answers === 1 ? 'answer' : 'answers'}`);
  const { credential } = target;
  if (credential.version === '2c') {
    const also = 'a wrong community looks the same to us';
    return new ReadFailure(target, 'timeout', `${silence}: down, an access list, or ${also}`);
  }
  if (outcome.answeredDiscovery && credential.privacy !== null) {
    const why = 'the privacy protocol or password may be wrong';
    return new ReadFailure(target, 'timeout', `${silence} to encrypted requests, but it answered discovery: ${why}`);
  }
  return new ReadFailure(target, 'timeout', `${silence}: down, an access list, or no SNMPv3 agent`);
}

const DENIED: Readonly<Record<Extract<BulkOutcome, { kind: 'denied' }>['why'], string>> = {
  user: 'does not know the user',
  digest: 'does not take the authentication password or protocol',
  level: 'does not take this user with this security level (authentication, privacy)',
  decryption: 'cannot decrypt: the privacy password or protocol is wrong',
};

export function deniedFailure(target: SnmpTarget, outcome: Extract<BulkOutcome, { kind: 'denied' }>): ReadFailure {
  const what = `the device ${DENIED[outcome.why]} (credential "${target.credentialName}")`;
  return new ReadFailure(target, 'auth', what, true);
}

/** Its Report is not quoted: of those that it may be only an unknown context is the configuration's fault. */
export function notServedFailure(target: SnmpTarget): ReadFailure {
  const { context = '' } = target;
  const which = context === '' ? 'the default SNMPv3 context' : `the SNMPv3 context "${context}"`;
  return new ReadFailure(
    target,
    'protocol',
    `the device reports that it does not serve this: it may not have ${which}`,
  );
}

export function statusFailure(target: SnmpTarget, status: number): ReadFailure {
  switch (status) {
    case ERROR_STATUS.noAccess:
    case ERROR_STATUS.authorizationError:
      return new ReadFailure(target, 'auth', 'the device denies access: the user or community has no view to read');
    case ERROR_STATUS.tooBig:
      return new ReadFailure(target, 'protocol', 'even a small answer is too big for the device (tooBig)');
    default:
      return new ReadFailure(target, 'protocol', `the device answered with error status ${status}`);
  }
}

export function walkFailure(target: SnmpTarget, problem: WalkProblem): ReadFailure {
  switch (problem.kind) {
    case 'backwards':
      return new ReadFailure(
        target,
        'protocol',
        `the rows of ${problem.column} go back or repeat: the walk has no end`,
      );
    case 'empty':
      return new ReadFailure(target, 'protocol', 'an answer without any value');
    case 'bound':
      return new ReadFailure(target, 'too_large', `more ${problem.what} than one read may take`);
    default:
      return problem satisfies never;
  }
}
