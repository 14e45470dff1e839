/** Whom the agent of the SNMP benchmark knows. */
export const BENCH_COMMUNITY = 'bench';
export const BENCH_USER = {
  name: 'bench',
  auth: { protocol: 'sha256', password: 'authentication' },
  privacy: { protocol: 'aes128', password: 'privacy-of-bench' },
} as const;
