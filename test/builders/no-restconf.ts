import type { RestconfAccess } from '../../src/access/device-restconf.ts';

/** For agents without devices that are polled over RESTCONF. */
export const NO_RESTCONF: RestconfAccess = {
  read: () => Promise.reject(new Error('no device is polled by RESTCONF here')),
  forget: () => Promise.resolve(),
  status: () => ({ openConnections: 0, requestsActive: 0, quarantinedCredentials: [] }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
