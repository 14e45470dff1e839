/**
 * One RESTCONF poll of one device: read what is needed, decode, report observations and the result. The report is the
 * same as that of an SSH poll, so nothing after it needs to know the transport.
 */
import type { PathAnswer, RestconfAccess, RestconfTarget } from '../../access/device-restconf.ts';
import { CPU_PATH, YANG_LIBRARY_PATH } from '../../access/restconf-path.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { PollReport } from '../../model/poll-report.ts';
import { cpuPercent } from '../../yang/system-data.ts';
import { gdoiModelOf } from '../../yang/yang-library.ts';
import { withAnswered, withRefused } from './asked-when.ts';
import {
  followUpPaths,
  GM_MAIN,
  KS_MAIN,
  mainPaths,
  mustLearn,
  NOTHING_LEARNT_BY_RESTCONF,
  rememberMainAnswer,
  type RestconfInterest,
  type RestconfMemory,
} from './restconf-memory.ts';
import { onPresentClock } from './device-clock.ts';
import { startPoll } from './poll-times.ts';
import { readRestconf, type RestconfDocument } from './restconf-observations.ts';

export interface RestconfReport extends PollReport {
  readonly memory: RestconfMemory;
}

type Outcome = Pick<RestconfReport, 'result' | 'error' | 'observations' | 'documents' | 'memory' | 'cpuPercent'>;

const NO_MODEL = 'Cisco-IOS-XE-crypto-oper has no GDOI on this device: that came with IOS XE 17.5.1; poll it over SSH';

/** Every RESTCONF server has the list of its modules (RFC 8040, section 10.1); IOS XE without RESTCONF says 404. */
const NO_RESTCONF =
  'nothing is there under /restconf (404), not even its list of modules: is `restconf` configured, and may the user read?';

interface Deps {
  readonly access: RestconfAccess;
  readonly clock: Clock;
}

export function createRestconfPoller(deps: Deps) {
  const { access, clock } = deps;

  async function poll(
    target: RestconfTarget,
    interest: Omit<RestconfInterest, 'nowMonoMs'>,
    memory: RestconfMemory,
    signal: AbortSignal,
  ): Promise<RestconfReport> {
    const underWay = startPoll(clock);
    const outcome = await ask(target, { ...interest, nowMonoMs: underWay.startedMonoMs }, memory, signal);
    return {
      device: target.device,
      ...underWay.times(),
      collectors: new Map(),
      answers: [],
      values: null,
      ...outcome,
    };
  }

  async function ask(
    target: RestconfTarget,
    interest: RestconfInterest,
    memory: RestconfMemory,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const asked = mainPaths(memory, interest);
    const reply = await access.read(target, asked, signal);
    if (reply.kind === 'failed') {
      return { result: reply.error.kind, error: reply.error.message, observations: [], documents: [], memory };
    }
    const learnt = learn(memory, reply.answers, interest.nowMonoMs);
    const refusal = refusalOf(target, learnt, reply.answers);
    if (refusal !== null) {
      return { result: 'command', error: refusal, observations: [], documents: [], memory: NOTHING_LEARNT_BY_RESTCONF };
    }
    const present = onPresentClock(learnt.clock, documentsOf(reply.answers), wallAheadMs(clock));
    const main = present.documents;
    const read = readRestconf(main, 'main', target.device);
    if (read.problem !== null) {
      const error = `${target.device}: the nodes that list the groups cannot be read: ${read.problem}`;
      const memory = { ...learnt, clock: present.memory };
      return { result: 'parse', error, observations: read.observations, documents: [main], memory };
    }
    const paths = followUpPaths({ ...learnt, learntAtMs: memory.learntAtMs }, read, interest);
    const followUp = await followUpOf(
      deps,
      target,
      { paths, main },
      { memory: { ...learnt, clock: present.memory }, signal },
    );
    return {
      result: 'ok',
      error: null,
      observations: [...read.observations, ...followUp.observations],
      documents: followUp.documents.length === 0 ? [main] : [main, followUp.documents],
      memory: rememberMainAnswer(followUp.memory, read),
      cpuPercent: followUp.memory.cpuPercent,
    };
  }

  return poll;
}

interface FollowUp extends Pick<Outcome, 'observations' | 'memory'> {
  readonly documents: readonly RestconfDocument[];
}

/** Details cost only themselves: one that fails is asked again when it is due. */
async function followUpOf(
  { access, clock }: Deps,
  target: RestconfTarget,
  { paths, main }: { readonly paths: ReturnType<typeof followUpPaths>; readonly main: readonly RestconfDocument[] },
  { memory, signal }: { readonly memory: RestconfMemory; readonly signal: AbortSignal },
): Promise<FollowUp> {
  const reply = paths.length === 0 ? null : await access.read(target, paths, signal);
  if (reply === null || reply.kind === 'failed') return { observations: [], documents: [], memory };
  const nowMonoMs = clock.monoMs();
  const { documents, memory: seenClock } = onPresentClock(memory.clock, documentsOf(reply.answers), wallAheadMs(clock));
  const refused = reply.answers.filter((answer) => answer.kind === 'forbidden' || isMissing(answer));
  const { observations } = readRestconf([...main, ...documents], 'details', target.device);
  const load = documents.find(({ path }) => path === CPU_PATH);
  const percent = load === undefined ? memory.cpuPercent : cpuPercent(load.body);
  return {
    observations,
    documents,
    memory: withRefused(
      withAnswered(
        { ...memory, clock: seenClock, cpuPercent: percent },
        documents.map(({ path }) => path),
        nowMonoMs,
      ),
      refused.map(({ path }) => path),
      nowMonoMs,
    ),
  };
}

function wallAheadMs(clock: Clock): number {
  return clock.wallMs() - clock.monoMs();
}

type AskedDocument = RestconfDocument & { readonly path: PathAnswer['path'] };

function documentsOf(answers: readonly PathAnswer[]): readonly AskedDocument[] {
  return answers.flatMap((answer) => {
    if (answer.kind === 'forbidden' || answer.path === YANG_LIBRARY_PATH) return [];
    const { path, sentAtMs, receivedAtMs, deviceNowMs } = answer;
    return [{ path, sentAtMs, receivedAtMs, deviceNowMs, body: answer.kind === 'document' ? answer.body : null }];
  });
}

function isMissing(answer: PathAnswer): boolean {
  return answer.kind === 'empty' && answer.status === 404;
}

/** A YANG library that cannot be read tells nothing; the nodes themselves do. */
function learn(memory: RestconfMemory, answers: readonly PathAnswer[], nowMonoMs: number): RestconfMemory {
  const library = answers.find(({ path }) => path === YANG_LIBRARY_PATH);
  const shows = (head: string, known: boolean | null) => {
    const answer = answers.find(({ path }) => path === head);
    return answer === undefined || answer.kind === 'forbidden' ? known : answer.kind === 'document';
  };
  const learnt: RestconfMemory = {
    ...memory,
    ...(mustLearn(memory, nowMonoMs) ? { learntAtMs: nowMonoMs } : {}),
    model: library?.kind === 'document' ? gdoiModelOf(library.body) : memory.model,
    isGm: shows(GM_MAIN[0], memory.isGm),
    isKs: shows(KS_MAIN[0], memory.isKs),
  };
  return withAnswered(
    learnt,
    answers.map(({ path }) => path),
    nowMonoMs,
  );
}

/** Why the answers do not show the device's groups; null: they do. */
function refusalOf(target: RestconfTarget, { model }: RestconfMemory, answers: readonly PathAnswer[]): string | null {
  const nodes = answers.filter(({ path }) => path !== YANG_LIBRARY_PATH);
  if (model === 'none' && nodes.every((answer) => answer.kind !== 'document')) return `${target.device}: ${NO_MODEL}`;
  const forbidden = nodes.find(({ kind }) => kind === 'forbidden');
  if (forbidden !== undefined) {
    const node = forbidden.path.slice(forbidden.path.lastIndexOf('/') + 1);
    return `${target.device}: NACM does not let "${target.credential.username ?? 'this certificate'}" read ${node}; docs/routers.md has the rules`;
  }
  if (model === null && answers.length > nodes.length && answers.every(isMissing)) {
    return `${target.device}: ${NO_RESTCONF}`;
  }
  if (model === null && nodes.every(isMissing)) {
    return `${target.device}: none of the nodes of GDOI is there (404); ${NO_MODEL}`;
  }
  return null;
}
