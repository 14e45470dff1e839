/** RESTCONF documents as observations, the same for live polls and for a recorded timeline. */
import { type CryptoNode, cryptoPath, DETAIL_NODES, MAIN_NODES, SYSTEM_PATH } from '../../access/restconf-path.ts';
import type { ReadAt } from '../../gdoi/seen/instant.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import { decodeGdoi, type NodeDocument } from '../../yang/decode-gdoi.ts';
import { GDOI_NODE_NAMES, type GdoiNode } from '../../yang/gdoi-nodes.ts';
import { deviceFacts } from '../../yang/system-data.ts';
import { GM_MAIN, KS_MAIN, type MainAnswer } from './restconf-memory.ts';

/** The answer to one path; `body` null: a node without an instance. */
export interface RestconfDocument extends NodeDocument {
  readonly path: string;
}

const NODE_OF_PATH: ReadonlyMap<string, GdoiNode> = new Map(
  GDOI_NODE_NAMES.map((node: CryptoNode & GdoiNode) => [cryptoPath(node), node] as const),
);
const MAIN_PATHS: ReadonlySet<string> = new Set([...GM_MAIN, ...KS_MAIN]);

export interface RestconfReading extends MainAnswer {
  /** Why the answer does not tell which groups there are; null: it does. */
  readonly problem: string | null;
  readonly observations: readonly Observation[];
}

/** `main`: the documents that list the groups; `details`: all documents, including those. */
export function readRestconf(
  documents: readonly RestconfDocument[],
  part: 'main' | 'details',
  device: string,
): RestconfReading {
  const nodes = new Map<GdoiNode, RestconfDocument>();
  for (const document of documents) {
    const node = NODE_OF_PATH.get(document.path);
    if (node !== undefined) nodes.set(node, document);
  }
  const { unreadable, snapshots, registered, unknown, problems } = decodeGdoi(nodes);
  const asked = documents.filter(({ path }) => NODE_OF_PATH.has(path) && MAIN_PATHS.has(path) === (part === 'main'));
  const shown = new Map([...registered].map(([group, { deviceMs }]) => [group, deviceMs] as const));
  const problem = unreadable ? problems.join('; ') : null;
  const read = { problem, snapshots, registered: shown };
  if (asked.length === 0 || unreadable) return { ...read, observations: factsOf(documents, device) };
  const at = spanOf(asked);
  const groups: Observation = {
    device,
    ...at,
    kind: 'groups',
    origin: 'restconf',
    command: part === 'main' ? MAIN_NODES : DETAIL_NODES,
    snapshots,
    unknownLines: unknown,
  };
  const instants = [...registered].map(
    ([group, last]): Observation => ({ device, ...at, kind: 'registered', group, ...last }),
  );
  // An instant makes more precise what the counters of the same answer show, so it comes before them.
  return {
    ...read,
    observations: [...(part === 'main' ? instants : []), groups, ...factsOf(documents, device)],
  };
}

function factsOf(documents: readonly RestconfDocument[], device: string): readonly Observation[] {
  const system = documents.find(({ path }) => path === SYSTEM_PATH);
  const facts = system === undefined ? null : deviceFacts(system.body);
  if (system === undefined || facts === null) return [];
  return [{ device, sentAtMs: system.sentAtMs, receivedAtMs: system.receivedAtMs, kind: 'facts', facts }];
}

function spanOf(documents: readonly RestconfDocument[]): ReadAt {
  return {
    sentAtMs: Math.min(...documents.map(({ sentAtMs }) => sentAtMs)),
    receivedAtMs: Math.max(...documents.map(({ receivedAtMs }) => receivedAtMs)),
  };
}
