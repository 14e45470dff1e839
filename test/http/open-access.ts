import type { WebAccess } from '../../src/http/base/options.ts';

/** Neither TLS nor users: enough on loopback. */
export const OPEN_ACCESS: WebAccess = { tls: null, basicAuthUsers: new Map(), tokens: [], headers: {} };
