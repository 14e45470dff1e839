/** Why a device could not be asked: the closed set of failures, whatever the transport. */

/**
 * Why a device could not be used; the closed set behind `gdoi_polls_total{result}`.
 * - `timeout`: no answer in time (connect, login or command); `refused`: TCP refused or closed at once (also: all vty
 *   lines in use); `no_shell`: the login was accepted, and the device gave no shell or ended it before a prompt (exec is
 *   not authorized, no vty line is free); `unreachable`: no route, name not found; `auth`: the device refused the
 *   credential; `quarantined`: not tried, the credential or the device waits after refusals; `host_key`: unknown or
 *   changed key; `handshake`: no common algorithms or a protocol error; `closed`: the connection ended inside an answer;
 *   `too_large`: more bytes than the bound; `prompt`: no usable prompt or privilege; `backoff`: not tried, waits;
 *   `protocol`: answers that break SNMP's rules, or an error status in place of values.
 */
export const DEVICE_ERROR_KINDS = [
  'timeout',
  'refused',
  'no_shell',
  'unreachable',
  'auth',
  'quarantined',
  'host_key',
  'handshake',
  'closed',
  'too_large',
  'prompt',
  'backoff',
  'protocol',
] as const;
export type DeviceErrorKind = (typeof DEVICE_ERROR_KINDS)[number];

/** A failure of a library or the network, translated once at the border. The message never contains a secret. */
export interface DeviceError {
  readonly kind: DeviceErrorKind;
  /** The step that failed: `connect`, `login`, `enable`, `prompt`, or the show command. */
  readonly operation: string;
  /** One clear line: what, where, what to do. */
  readonly message: string;
}

/** Carries a failure out of nested reads; `deviceError` is what is reported. */
export abstract class DeviceFailure extends Error {
  readonly deviceError: DeviceError;
  /** The device judged the credential and refused it. */
  readonly credentialRefused: boolean;

  constructor(deviceError: DeviceError, credentialRefused: boolean) {
    super(deviceError.message);
    this.deviceError = deviceError;
    this.credentialRefused = credentialRefused;
  }
}

/** The device was not tried. The earlier failure was reported when it happened. */
export function backOffError(operation: string, waitMs: number): DeviceError {
  return {
    kind: 'backoff',
    operation,
    message: `next try in ${Math.ceil(waitMs / 1000)} s`,
  };
}
