/**
 * Whether a browser sends this request on behalf of another site. Two attacks are blocked that need no credentials: a
 * foreign name that resolves to this host (DNS rebinding, detected by `Host`), and a foreign page that makes the
 * browser request an action (detected by `Sec-Fetch-Site`, in older browsers by `Origin`).
 */
import { isLoopback } from '../../kernel/loopback.ts';

export interface RequestHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/** The client calls this server by a loopback name. `Host` is absent in HTTP/1.0, which no browser speaks. */
export function namesLoopback({ host }: RequestHeaders): boolean {
  return host === undefined || isLoopback(hostName(host));
}

/** From another site, as far as the browser says. Other clients send neither header. */
export function isCrossSite(headers: RequestHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  try {
    return new URL(headers.origin).host !== headers.host;
  } catch {
    return true;
  }
}

/** Without the port. */
function hostName(host: string): string {
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : (host.split(':', 1)[0] ?? '');
}
