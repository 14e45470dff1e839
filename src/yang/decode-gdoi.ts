/**
 * RESTCONF documents of one poll as snapshots, in the types of the CLI's. Never throws on what a device sent: what is
 * missing or odd is null and counted, what the model's table does not know is ignored and counted.
 */
import { MOST_GROUPS } from '../gdoi/seen/row-bounds.ts';
import type { EpochMs, ReadAt } from '../gdoi/seen/instant.ts';
import type { Interval } from '../gdoi/seen/interval.ts';
import { Problems } from '../gdoi/seen/problems.ts';
import type { GmSnapshot, KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { GDOI_NODES, type GdoiNode } from './gdoi-nodes.ts';
import { type Dated, gmSnapshot, registeredAtMs } from './gm-snapshot.ts';
import { ksSnapshot } from './ks-snapshot.ts';
import { readEntries, withoutModule } from './leaves.ts';

/** One node's answer. */
export interface NodeDocument extends ReadAt {
  /** The JSON value; null: the node has no instance (204, or 404 for a node that the device has). */
  readonly body: unknown;
  /** The device's clock when it answered (`Date`), whole seconds; null: it sent none. */
  readonly deviceNowMs: EpochMs | null;
}

export type NodeDocuments = ReadonlyMap<GdoiNode, NodeDocument>;

interface LastRegistration {
  /** As the device shows it, on its own clock: the same text at every look, however that clock is set. */
  readonly deviceMs: EpochMs;
  /** On the agent's clock. */
  readonly between: Interval;
}

export interface YangReading {
  /**
   * The documents that list the groups name none, and hold something that could not be read: which groups there are is
   * not known.
   */
  readonly unreadable: boolean;
  readonly snapshots: readonly (GmSnapshot | KsSnapshot)[];
  /** Group -> when its GM registered last. */
  readonly registered: ReadonlyMap<string, LastRegistration>;
  /** Leaves and entries that could not be used, or are not known. */
  readonly unknown: number;
  /** The first of them, as text. */
  readonly problems: readonly string[];
}

const MAX_GROUP_NAME = 128;

/** `gdoi-gm` and `gdoi-ks` list the groups there are; the others add to them. */
export function decodeGdoi(documents: NodeDocuments): YangReading {
  const problems = new Problems();
  const entriesOf = new Map(
    [...documents].map(([node, document]) => [node, byGroup(node, document, problems)] as const),
  );
  const at = (node: GdoiNode, group: string): Dated | null => entriesOf.get(node)?.groups.get(group) ?? null;
  const isWhole = (node: GdoiNode): boolean => entriesOf.get(node)?.isWhole ?? true;
  // A node that was not read says nothing of the KEK.
  const areKeksRead = documents.has('gdoi-rekey-sa') && isWhole('gdoi-rekey-sa');
  const snapshots: (GmSnapshot | KsSnapshot)[] = [];
  const registered = new Map<string, LastRegistration>();
  for (const [group, gm] of entriesOf.get('gdoi-gm')?.groups ?? []) {
    snapshots.push(
      gmSnapshot(group, {
        gm,
        rekey: at('gdoi-gm-rekey', group),
        rekeySa: at('gdoi-rekey-sa', group) ?? (areKeksRead ? null : 'unread'),
        replay: at('gdoi-gm-replay', group),
        dataplane: at('gdoi-gm-dp-counters', group),
      }),
    );
    const whenMs = registeredAtMs(gm);
    const document = documents.get('gdoi-gm');
    const between = whenMs === null || document === undefined ? null : onAgentClock(whenMs, document);
    if (whenMs !== null && between !== null) registered.set(group, { deviceMs: whenMs, between });
  }
  for (const [group, ks] of entriesOf.get('gdoi-ks')?.groups ?? []) {
    snapshots.push(
      ksSnapshot(group, {
        ks,
        policy: at('gdoi-ks-policy', group),
        members: at('gdoi-ks-mem', group),
        coop: at('gdoi-ks-coop', group),
        rekey: at('gdoi-ks-rekey', group),
      }),
    );
  }
  const unreadable = snapshots.length === 0 && !(isWhole('gdoi-gm') && isWhole('gdoi-ks'));
  return { unreadable, snapshots, registered, unknown: problems.count, problems: problems.texts };
}

interface Listed {
  readonly groups: ReadonlyMap<string, Dated>;
  /** Every entry was read: a group that is not there is not listed. */
  readonly isWhole: boolean;
}

/** A document is the list itself under its own name. */
function byGroup(node: GdoiNode, document: NodeDocument, problems: Problems): Listed {
  const found = new Map<string, Dated>();
  const list = listOf(node, document.body, problems);
  if (list === null) return { groups: found, isWhole: false };
  for (const leaves of readEntries(list, node, { shape: GDOI_NODES[node], problems })) {
    const group = leaves.text('group-name', MAX_GROUP_NAME);
    if (group === null) leaves.contradicts('group-name', 'missing');
    else if (found.size === MOST_GROUPS) leaves.contradicts('group-name', `more than ${MOST_GROUPS} groups`);
    else if (found.has(group)) leaves.contradicts('group-name', 'there twice');
    else found.set(group, { leaves, deviceNowMs: document.deviceNowMs });
  }
  return { groups: found, isWhole: found.size === list.length };
}

/** Null: it is another document. */
function listOf(node: GdoiNode, body: unknown, problems: Problems): readonly unknown[] | null {
  if (body === null) return [];
  const members: readonly (readonly [string, unknown])[] =
    typeof body === 'object' && !Array.isArray(body) ? Object.entries(body) : [];
  const [, value] = members.find(([name]) => withoutModule(name) === node) ?? [];
  if (Array.isArray(value)) return value;
  if (value !== null && typeof value === 'object') return [value];
  problems.note(`${node}: the answer is another document`);
  return null;
}

/**
 * An instant of the device's clock on ours. Its clock showed `Date` at some moment between question and answer, cut to
 * the second, as the instant itself is.
 */
function onAgentClock(whenMs: EpochMs, { deviceNowMs, sentAtMs, receivedAtMs }: NodeDocument): Interval | null {
  if (deviceNowMs === null) return null;
  const agoMs = deviceNowMs - whenMs;
  return { fromMs: sentAtMs - agoMs - 1000, toMs: receivedAtMs - agoMs + 1000 };
}
