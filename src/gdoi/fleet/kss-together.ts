/**
 * What the KSs of a group show of it together. Every poll of each of its GMs needs it, and it changes only when a KS
 * was read: worked out once for each set of KSs.
 */
import { groupLead, type KsLead } from '../keys/ks-lead.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import type { Named } from '../seen/named.ts';
import { showsMulticast } from '../seen/snapshot.ts';
import type { FleetGm, FleetKs, FleetState } from './fleet-state.ts';

interface Together {
  /** KSs whose answers count, the primary first. */
  readonly order: readonly FleetKs[];
  readonly lead: KsLead;
  readonly kekLifetimeSeconds: number | null;
  readonly tekLifetimeSeconds: number | null;
  readonly tekLeadSeconds: number | null;
  readonly multicast: boolean;
  readonly said: readonly KsSaid[];
}

const known = new WeakMap<Named<FleetKs>, Together>();

function together(kss: Named<FleetKs>): Together {
  const before = known.get(kss);
  if (before !== undefined) return before;
  const all = [...kss.values()];
  const order = all
    .filter((ks) => ks.reachable)
    .toSorted((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary'));
  const now: Together = {
    order,
    lead: groupLead(order.map((ks) => ks.lead)),
    kekLifetimeSeconds: firstShown(order, (ks) => ks.kekLifetimeSeconds),
    tekLifetimeSeconds: firstShown(order, (ks) => ks.tekLifetimeSeconds),
    tekLeadSeconds: firstShown(order, (ks) => ks.tekLeadSeconds ?? null),
    // One that gives no answer shows how it was when it did.
    multicast: showsMulticast(order.length > 0 ? order : all),
    said: all.flatMap(({ device, said }) => saidBy(device, said ?? [])),
  };
  known.set(kss, now);
  return now;
}

/** Of the first KS that shows it, the primary before the others. */
function firstShown(order: readonly FleetKs[], shown: (ks: FleetKs) => number | null): number | null {
  for (const ks of order) {
    const value = shown(ks);
    if (value !== null) return value;
  }
  return null;
}

function saidBy(ks: string, said: NonNullable<FleetKs['said']>): readonly KsSaid[] {
  return said.map((mark) => ({ ks, mark }));
}

type Kss = Pick<FleetState, 'kss'>;

/** KSs whose answers count, the primary first. */
export function ksOrder({ kss }: Kss): readonly FleetKs[] {
  return together(kss).order;
}

/** Lead of the group: the primary's own figures, else another KS's, else the floor. */
export function leadOfGroup({ kss }: Kss): KsLead {
  return together(kss).lead;
}

/** Lifetimes of the group's keys, and how long before its expiry a TEK is renewed, in seconds; null: no KS shows it. */
export function timersOfGroup({
  kss,
}: Kss): Pick<Together, 'kekLifetimeSeconds' | 'tekLifetimeSeconds' | 'tekLeadSeconds'> {
  return together(kss);
}

/** What its KSs said in their logs: those that answer, and those that do not. */
export function saidInGroup({ kss, heard }: Pick<FleetState, 'kss' | 'heard'>): readonly KsSaid[] {
  const { said } = together(kss);
  if (heard === undefined) return said;
  return [...said, ...heard.flatMap((ks) => saidBy(ks.device, ks.said))];
}

/**
 * Its rekeys come by multicast, as it shows or a KS of its group. Unlike `isByMulticast`, which is asked with the answer
 * at hand, a KS outweighs a GM that showed unicast: what is kept of a GM does not tell that from a transport not shown.
 */
export function isGmByMulticast(state: Kss, gm: FleetGm | null): boolean {
  return gm?.multicast === true || isSentByMulticast(state);
}

/** Its rekeys go out by multicast, as one of its KSs shows. */
export function isSentByMulticast({ kss }: Kss): boolean {
  return together(kss).multicast;
}
