/**
 * Is it the same link? `Gi0/0/0` is short for `GigabitEthernet0/0/0`, and a subinterface goes down with its interface.
 */

const NAME = /^([a-z-]+) ?(\d[\d/:]*)(?:\.\d+)?$/u;
/** `G1` could be many. */
const SHORTEST = 2;

/** `carrier` is the interface that holds the keys, `link` the one whose state changed. */
export function isSameLink(carrier: string, link: string): boolean {
  const [a, b] = [carrier.toLowerCase(), link.toLowerCase()];
  if (a === b) return true;
  // Another subinterface of the same interface says nothing of this one.
  if (b.includes('.')) return false;
  const [, kindOfA = '', numberOfA] = NAME.exec(a) ?? [];
  const [, kindOfB = '', numberOfB] = NAME.exec(b) ?? [];
  if (numberOfA === undefined || numberOfA !== numberOfB) return false;
  const [short, long] = kindOfA.length < kindOfB.length ? [kindOfA, kindOfB] : [kindOfB, kindOfA];
  return short.length >= SHORTEST && long.startsWith(short);
}
