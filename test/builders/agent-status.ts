/** The status of an agent that has just swept its fleet: nothing waits, nothing was lost. */
import type { AgentStatus } from '../../src/model/read-model.ts';
import { NOON } from './view-builder.ts';

export function anAgentStatus(over: Partial<AgentStatus> = {}): AgentStatus {
  return {
    startedAtMs: NOON,
    firstSweepDone: true,
    firstSweepProgress: 1,
    pollsRunning: 0,
    pollsQueued: 0,
    pollsSkippedLate: 0,
    hintsDelayed: 0,
    pollsOverAllowance: 0,
    openSessions: 0,
    handshakesActive: 0,
    handshakesWaiting: 0,
    quarantinedCredentials: [],
    snmpRequestsActive: 0,
    restconfConnections: 0,
    snmpDatagramsDropped: 0,
    pushed: {
      syslog: { used: 0, unknown_device: 0, other: 0, unreadable: 0, overflow: 0 },
      trap: { used: 0, unknown_device: 0, other: 0, unreadable: 0, overflow: 0 },
    },
    recordErrors: 0,
    recordLinesDropped: 0,
    internalErrors: new Map([['poll', 0]]),
    storeErrors: 0,
    storeDamaged: 0,
    eventsDropped: 0,
    configReloadOk: true,
    configReloadedAtMs: null,
    ...over,
  };
}
