import type { SnmpAccess } from '../../src/access/device-snmp.ts';

/** For agents whose devices are polled by SSH only. */
export const NO_SNMP: SnmpAccess = {
  read: () => Promise.reject(new Error('no device is polled by SNMP here')),
  forget: () => Promise.resolve(),
  status: () => ({ requestsActive: 0, datagramsDropped: 0, quarantinedCredentials: [] }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
