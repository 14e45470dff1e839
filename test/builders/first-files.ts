/** Which test files begin before others, and which after them (vitest.config.ts); below `test`. */

/** Files and folders where files of a few lines take half a minute. */
export const LONG = [
  'e2e',
  'hostile',
  'incidents',
  'accuracy',
  'dashboards',
  'product/cluster.test.ts',
  'agent/clock-steps.test.ts',
  'agent/cluster/campaign.test.ts',
  'agent/record',
  'store/postgres-store.test.ts',
  'store/kill-writer.test.ts',
  'deploy/image.test.ts',
] as const;

/** They wait for most of 15 s or longer: leases, back-offs, timers of keys. */
export const WAITING = [
  'product/cluster.test.ts',
  'product/start-and-stop.test.ts',
  'product/targets-lost.test.ts',
  'access/session-workers.test.ts',
  'agent/poll/difficult-devices.test.ts',
  'access/ssh-dialogue.test.ts',
  'access/jump-hosts.test.ts',
  'e2e/why.test.ts',
  'e2e/push.test.ts',
  'e2e/agent.test.ts',
  'e2e/cluster.test.ts',
  'e2e/killed.test.ts',
  'hostile/ssh-floods.test.ts',
  'hostile/echoed-secrets.test.ts',
  'hostile/jump-hosts.test.ts',
  'simulator/snmp-server.test.ts',
  'dashboards/live.test.ts',
  'dashboards/grafana-live.test.ts',
] as const;

/**
 * The driver of their browser makes Node.js 20 follow each promise of the process from then on, and files share
 * processes: a sixth of the time of a simulated campaign of agents went there.
 */
export const LAST = ['page'] as const;
