/** A real agent whose devices answer with the test's text: without network, with a store in memory and nobody to talk to. */
import { Agent, type AgentOptions } from '../../src/agent/agent.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { answeringDevices } from './answering-devices.ts';
import { MemoryLogger } from './memory-logger.ts';
import { NO_RESTCONF } from './no-restconf.ts';
import { NO_SNMP } from './no-snmp.ts';

/** `answer`: to `show crypto gdoi`; it may throw. Whatever else the agent has replaces the default. */
export function openAnsweringAgent(
  answer: (device: string) => string,
  options: Pick<AgentOptions, 'config' | 'clock'> & Partial<AgentOptions>,
): Promise<Agent> {
  const { clock } = options;
  return Agent.open({
    networkClock: clock,
    access: answeringDevices(clock, answer),
    snmp: NO_SNMP,
    restconf: NO_RESTCONF,
    lookup: async () => [],
    store: createMemoryStore(),
    logger: new MemoryLogger(),
    ...options,
  });
}
