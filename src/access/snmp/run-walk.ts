/**
 * Runs a walk over an exchange to its end, or to the reason why it failed: asks for less once if the agent cannot
 * answer so much, and makes a new session once if the device's engine is not the one that was learned.
 */
import type { SnmpTarget } from '../device-snmp.ts';
import type { ColumnWalk } from './column-walk.ts';
import type { Exchange } from './exchange.ts';
import type { BulkOutcome, NetSnmpSession } from './net-snmp.ts';
import {
  deniedFailure,
  ERROR_STATUS,
  networkFailure,
  notServedFailure,
  ReadFailure,
  silenceFailure,
  statusFailure,
  walkFailure,
} from './snmp-error.ts';

/** How many answers with a wrong digest, each of which ends a request, a read tolerates. */
const MAX_NOT_AUTHENTIC = 3;

interface Sessions {
  current(): NetSnmpSession;
  /** Replaces the current one by a new one. */
  renew(): void;
}

/** Rejects with a `ReadFailure`. */
export async function runWalk(
  target: SnmpTarget,
  walk: ColumnWalk,
  exchange: Exchange,
  sessions: Sessions,
): Promise<void> {
  let answers = 0;
  let renewed = false;
  let notAuthentic = 0;
  let request = walk.next();
  while (request !== null) {
    const outcome = await exchange.ask(sessions.current(), request);
    switch (outcome.kind) {
      case 'answer': {
        const problem = walk.take(outcome.answer, outcome.octets);
        if (problem !== null) throw walkFailure(target, problem);
        answers += 1;
        request = walk.next();
        break;
      }
      case 'error_status':
        if (!asksForLess(outcome) || !walk.shrink()) throw statusFailure(target, outcome.status);
        request = walk.next();
        break;
      case 'out_of_step':
        if (renewed) throw new ReadFailure(target, 'protocol', "the engine's ID, boots or time do not hold still");
        renewed = true;
        sessions.renew();
        break;
      case 'not_authentic':
        notAuthentic += 1;
        if (notAuthentic >= MAX_NOT_AUTHENTIC) {
          throw new ReadFailure(target, 'protocol', 'answers that are not authentic come in place of real ones');
        }
        break;
      case 'denied':
        throw deniedFailure(target, outcome);
      case 'not_served':
        throw notServedFailure(target);
      case 'malformed':
        throw new ReadFailure(target, 'protocol', 'an answer that does not fit the request');
      case 'silent':
        throw silenceFailure(target, outcome, answers);
      case 'out_of_time':
        throw new ReadFailure(
          target,
          'timeout',
          `the read was not done in time (${answers} ${answers === 1 ? 'answer' : 'answers'} had come)`,
        );
      case 'socket_failed':
        throw networkFailure(target, outcome.error);
      case 'aborted':
        throw new ReadFailure(target, 'closed', 'given up by the agent');
      default:
        outcome satisfies never;
    }
  }
}

function asksForLess({ status }: Extract<BulkOutcome, { kind: 'error_status' }>): boolean {
  return status === ERROR_STATUS.tooBig || status === ERROR_STATUS.genErr;
}
