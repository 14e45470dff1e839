/**
 * Whose the answers of a text are. A prompt or a title names the router. Answers without a name are one router's, the
 * last one's that has no name, for as long as they can be: two addresses in one group, or two hostnames, are two routers.
 */
import type { CapturedResult } from '../../ios/text/parse-result.ts';

type ParsedText = Extract<CapturedResult, { kind: 'parsed' }>;

/** For a router whose name is in no prompt, no title and no `show version`. */
const UNNAMED_DEVICE = 'device';

interface Router {
  name: string | null;
  readonly answers: ParsedText[];
  /** What only one router has: its hostname, its address in a group as GM, or as KS. */
  readonly facts: Map<string, string>;
}

/** The answers of each router by its name, in the order of the text. */
export function byRouter(answers: readonly ParsedText[]): ReadonlyMap<string, readonly ParsedText[]> {
  const routers: Router[] = [];
  for (const answer of answers) {
    const facts = factsOf(answer);
    const known = routerOf(routers, answer, facts);
    const router: Router = known ?? { name: answer.device, answers: [], facts: new Map() };
    if (known === undefined) routers.push(router);
    router.answers.push(answer);
    for (const [fact, value] of facts) router.facts.set(fact, value);
  }
  return new Map(named(routers).map(({ name, answers: all }) => [name, all]));
}

function routerOf(
  routers: readonly Router[],
  { device }: ParsedText,
  facts: ReadonlyMap<string, string>,
): Router | undefined {
  if (device !== null) return routers.find(({ name }) => name === device);
  const unnamed = routers.findLast(({ name }) => name === null);
  if (unnamed !== undefined) return contradicts(unnamed, facts) ? undefined : unnamed;
  return undefined;
}

function contradicts(router: Router, facts: ReadonlyMap<string, string>): boolean {
  return [...facts].some(([fact, value]) => (router.facts.get(fact) ?? value) !== value);
}

function factsOf({ snapshots }: ParsedText): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const snapshot of snapshots) {
    if (snapshot.role === 'device' && snapshot.hostname !== null) facts.set('hostname', snapshot.hostname);
    if (snapshot.role === 'gm' && snapshot.address !== null) facts.set(`gm ${snapshot.group}`, snapshot.address);
    if (snapshot.role === 'ks' && snapshot.localAddress !== null)
      facts.set(`ks ${snapshot.group}`, snapshot.localAddress);
  }
  return facts;
}

/** A router without a name has that of its `show version`, or is the one router that shows a name. */
function named(
  routers: readonly Router[],
): readonly { readonly name: string; readonly answers: readonly ParsedText[] }[] {
  const result = new Map<string, ParsedText[]>();
  const unnamed = routers.filter(({ name }) => name === null);
  const hostnames = new Set(routers.flatMap(({ facts }) => facts.get('hostname') ?? []));
  let count = 0;
  const only = unnamed.length === 1 && hostnames.size === 1 ? [...hostnames][0] : undefined;
  for (const { name: own, facts, answers } of routers) {
    const shown = own ?? facts.get('hostname') ?? only;
    if (shown === undefined) count += 1;
    const name = shown ?? (count === 1 ? UNNAMED_DEVICE : `${UNNAMED_DEVICE} ${count}`);
    result.set(name, [...(result.get(name) ?? []), ...answers]);
  }
  return [...result].map(([name, all]) => ({ name, answers: all }));
}
