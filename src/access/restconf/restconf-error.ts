/** What can go wrong between a request and its answer, in the words of `DeviceError`; translated once, here. */
import { type DeviceErrorKind, DeviceFailure } from '../device-error.ts';
import type { RestconfTarget } from '../device-restconf.ts';
import { NETWORK_ERRORS } from '../network-error.ts';

export class RestconfFailure extends DeviceFailure {
  override readonly name = 'RestconfFailure';
  /** `Retry-After`: how long the device asks to be left alone, ms; null: it does not say. */
  readonly retryAfterMs: number | null;

  constructor(
    target: Pick<RestconfTarget, 'device'>,
    kind: DeviceErrorKind,
    of: { readonly operation: string; readonly detail: string; readonly retryAfterMs?: number | null },
  ) {
    const { operation, detail } = of;
    super({ kind, operation, message: `${target.device}: ${operation}: ${detail}` }, kind === 'auth');
    this.retryAfterMs = of.retryAfterMs ?? null;
  }
}

/** Errors of OpenSSL and the library by their codes; any other code is reported as a broken protocol. */
const LIBRARY_ERRORS: ReadonlyMap<string, readonly [DeviceErrorKind, string]> = new Map<
  string,
  readonly [DeviceErrorKind, string]
>([
  ['ECONNREFUSED', ['refused', 'nothing listens there: is `restconf` and `ip http secure-server` configured?']],
  ['ECONNRESET', ['closed', 'the device closed the connection']],
  ['EPIPE', ['closed', 'the device closed the connection']],
  ['UND_ERR_SOCKET', ['closed', 'the device closed the connection inside an answer']],
  ['UND_ERR_HEADERS_TIMEOUT', ['timeout', 'no answer in time']],
  ['UND_ERR_BODY_TIMEOUT', ['timeout', 'the answer did not end in time']],
  ['UND_ERR_CONNECT_TIMEOUT', ['timeout', 'no connection in time']],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', ['too_large', 'the answer is larger than the bound']],
  ['UND_ERR_HEADERS_OVERFLOW', ['too_large', 'the header of the answer is larger than the bound']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', ['protocol', 'the answer is shorter or longer than it says']],
]);

export function failureOf(target: Pick<RestconfTarget, 'device'>, operation: string, error: unknown): RestconfFailure {
  if (error instanceof RestconfFailure) return error;
  // The library gives it no code.
  if (error instanceof Error && error.name === 'HTTPParserError')
    return new RestconfFailure(target, 'protocol', { operation, detail: 'the answer is no HTTP' });
  const code = codeOf(error);
  const [kind, detail] =
    LIBRARY_ERRORS.get(code) ??
    NETWORK_ERRORS.get(code) ??
    (isTls(code) ? (['handshake', `no TLS session (${code})`] as const) : (['protocol', `failed (${code})`] as const));
  return new RestconfFailure(target, kind, { operation, detail });
}

function isTls(code: string): boolean {
  return /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code);
}

/** The innermost code: libraries wrap the system's errors. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const inner = error.cause instanceof Error ? codeOf(error.cause) : 'unknown';
  if (inner !== 'unknown') return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
