/** Object identifiers as dotted decimal text, compared without parsing them. */

const DOT = 46;

/** Whether `oid` is below `root`. An OID is not below itself. */
export function liesBelow(root: string, oid: string): boolean {
  return oid.length > root.length && oid.charCodeAt(root.length) === DOT && oid.startsWith(root);
}

/** Whether `next` comes after `oid` in the order of a walk: by sub-identifier, the shorter first. */
export function comesAfter(oid: string, next: string): boolean {
  let at = 0;
  const common = Math.min(oid.length, next.length);
  while (at < common && oid.charCodeAt(at) === next.charCodeAt(at)) at += 1;
  if (at === next.length) return false;
  if (at === oid.length) return true;
  // Inside one sub-identifier: the number with more digits is greater, otherwise the first different digit decides.
  const [digits, nextDigits] = [digitsFrom(oid, at), digitsFrom(next, at)];
  return nextDigits === digits ? next.charCodeAt(at) > oid.charCodeAt(at) : nextDigits > digits;
}

function digitsFrom(oid: string, from: number): number {
  const end = oid.indexOf('.', from);
  return (end === -1 ? oid.length : end) - from;
}
