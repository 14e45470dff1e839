/**
 * Worlds that no scenario covers, checked at each look as someone on call would read them: every reported cause is
 * true, the group is not ok during a fault, one incident keeps one cause, the first step fits, the numbers agree, and
 * no new page follows the cure.
 */
import { describe, expect, test } from 'vitest';
import type { Explanation, ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { half } from '../builders/half.ts';
import { type Headline, headlinesOf } from './headlines.ts';
import { type Fault, VARIANTS } from './variants.ts';

/** The interval of regular looks, and the time that commands and a message take. */
const LOOK_SECONDS = 60 + 15;
/** Two looks in a row settle what one leaves open. */
const DECIDED_SECONDS = 2 * LOOK_SECONDS;
/** Re-registrations caused by a fault, and counts of a list, are still seen this long after it. */
const TRACES_SECONDS = 900;
/**
 * Larger worlds run over SSH only: other transports would take seconds each, and the same code counts the GMs.
 */
const MANY_GMS = 6;
/** A cause that goes and comes back within this time is one incident. */
const FLIP_SECONDS = 600;

const FIRST_STEP: Readonly<Partial<Record<ExplanationCause, RegExp>>> = {
  coop_split: /^Check the WAN between the KSs/u,
  coop_peer_lost: /ks coop on every KS|^Is the KS up/u,
  keys_differ: /with which KS did|^With which KS did/iu,
  ks_down: /^Is the KS up/u,
  redundancy_lost: /^Is the KS up/u,
  not_registered: /Is their KS up|does it take registrations|reachability of the KS/u,
  unauthorized: /authorization on the KS/u,
  path_loss: /UDP 848/u,
  ks_rekeys_lost: /does it send/u,
  gms_unreachable: /Check the path|have in common/u,
  gms_reloaded: /reload reason/u,
  without_tek: /^show crypto gdoi on the GM/u,
};

type Watched = Omit<Parameters<typeof headlinesOf>[0], 'scenario'>;

async function faultsOf(watched: Watched, faults: readonly Fault[], minutes: number): Promise<readonly string[]> {
  const { headlines, contradictions } = await headlinesOf({ scenario: 'healthy', ...watched }, minutes);
  return [
    ...contradictions,
    ...headlines.flatMap((headline) => untrue(headline, faults)),
    ...notSaid(headlines, faults, minutes),
    ...flips(headlines, faults),
  ];
}

describe.concurrent('reports what is true in each variant of the scenarios', () => {
  test.each(half(VARIANTS))('$name', async ({ minutes, watched, faults }) => {
    expect(await faultsOf({ logs: true, ...watched }, faults, minutes)).toEqual([]);
  });
});

/** Whether it has its scenario's plan, or a plan of its own with few GMs. */
const isFew = ({ watched: { plan } }: (typeof VARIANTS)[number]) => plan === undefined || plan.gms.length <= MANY_GMS;

describe.concurrent('reports what SNMP alone shows in each variant', () => {
  test.each(half(VARIANTS, { otherWay: true }).filter(isFew))('$name', async ({ minutes, watched, faults }) => {
    const shown = faults.map((fault) => ({ ...fault, causes: fault.bySnmp ?? fault.causes }));
    expect(await faultsOf({ ...watched, transport: 'snmp', logs: false }, shown, minutes)).toEqual([]);
  });
});

describe.concurrent('reports what is true when GMs are polled over RESTCONF if they can', () => {
  const few = half(VARIANTS).filter(({ watched: { plan } }) => plan !== undefined && plan.gms.length <= MANY_GMS);
  test.each(few)('$name', async ({ minutes, watched, faults }) => {
    const shown = faults.flatMap(({ byRestconf, ...fault }): readonly Fault[] =>
      byRestconf === null ? [] : [{ ...fault, causes: byRestconf ?? fault.causes }],
    );
    expect(await faultsOf({ logs: true, ...watched, transport: 'restconf' }, shown, minutes)).toEqual([]);
  });
});

const isDuring = ({ fromSeconds, toSeconds }: Fault, atSeconds: number, afterwards: number) =>
  atSeconds >= fromSeconds - LOOK_SECONDS && atSeconds <= toSeconds + afterwards;

function untrue({ first, atSeconds, status, summary }: Headline, faults: readonly Fault[]): readonly string[] {
  const said = `${atSeconds} s: ${summary}`;
  if (first === null) return status === 'ok' ? [] : [`${said}: ${status}, and no cause`];
  const { cause, phase } = first;
  const of = faults.filter((fault) => fault.causes.includes(cause));
  const critical = phase === 'present' && first.status === 'critical';
  // A headline that asks for no action tonight does no harm.
  const isHarmless = first.status === 'ok' || phase === 'unclear';
  const isTrue = isHarmless || of.some((fault) => isDuring(fault, atSeconds, critical ? LOOK_SECONDS : TRACES_SECONDS));
  return [
    ...(isTrue ? [] : [`${said}: it is not so`]),
    ...(phase === 'present' && first.status !== 'ok' ? wrongWords(first, said, of) : []),
  ];
}

function wrongWords(
  { cause, firstStep, scope, summary }: Explanation,
  said: string,
  of: readonly Fault[],
): readonly string[] {
  const fits = FIRST_STEP[cause]?.test(firstStep ?? '') ?? true;
  const concerned = of.flatMap(({ gms }) => gms ?? []);
  const gms = scope.filter((name) => name.startsWith('gm'));
  const wrong = of.every((fault) => fault.gms !== undefined) ? gms.filter((name) => !concerned.includes(name)) : [];
  const told = /\b(?<number>\d+)(?: of (?<all>\d+))? GMs? \(/u.exec(summary)?.groups?.['number'];
  return [
    ...(fits ? [] : [`${said}: the first step of ${cause} is "${firstStep ?? ''}"`]),
    ...(wrong.length === 0 ? [] : [`${said}: it does not concern ${wrong.join(', ')}`]),
    ...(told === undefined || Number(told) <= gms.length ? [] : [`${said}: and its scope has ${gms.length}`]),
  ];
}

/** While a fault lasts, its cause is reported once it is settled, and the group is never ok. */
function notSaid(headlines: readonly Headline[], faults: readonly Fault[], minutes: number): readonly string[] {
  return faults.flatMap(({ causes: [cause], fromSeconds, toSeconds, quiet }) => {
    const untilSeconds = Math.min(toSeconds, minutes * 60);
    const during = headlines.filter(({ atSeconds }, index) => {
      const next = headlines[index + 1]?.atSeconds ?? Infinity;
      return next > fromSeconds + LOOK_SECONDS && atSeconds < untilSeconds;
    });
    const decided = during.filter(({ atSeconds }) => atSeconds <= fromSeconds + DECIDED_SECONDS + LOOK_SECONDS);
    const isSaid = (quiet === true ? during : decided).some(
      ({ first, others }) => first?.cause === cause || others.includes(cause),
    );
    const well = during.filter(({ status }) => quiet !== true && status === 'ok');
    return [
      ...(isSaid ? [] : [`${cause} is not said from ${fromSeconds} s on`]),
      ...well.map(({ atSeconds, summary }) => `${atSeconds} s: "${summary}" during ${cause}`),
    ];
  });
}

/** A cause, another one, and the first again, while no fault begins or ends. */
function flips(headlines: readonly Headline[], faults: readonly Fault[]): readonly string[] {
  const instants = faults.flatMap(({ fromSeconds, toSeconds }) => [fromSeconds, toSeconds]);
  const told = headlines.filter(({ first }) => first === null || first.phase === 'present');
  const steps = told.filter(({ first }, index) => first?.cause !== told[index - 1]?.first?.cause);
  return steps.flatMap(({ first, atSeconds }, index) => {
    const [a, b] = [steps[index - 2], steps[index - 1]];
    if (first === null || a === undefined || b === undefined || a.first?.cause !== first.cause) return [];
    if (instants.some((second) => second >= b.atSeconds - LOOK_SECONDS && second <= atSeconds)) return [];
    return atSeconds - b.atSeconds > FLIP_SECONDS
      ? []
      : [`${first.cause} -> ${b.first?.cause ?? 'ok'} -> ${first.cause} at ${atSeconds} s`];
  });
}
