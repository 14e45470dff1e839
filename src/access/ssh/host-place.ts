/** Where a host is, for people. */

interface Place {
  readonly host: string;
  readonly port: number;
  /** Hosts on the way, the nearest first. */
  readonly jumps?: readonly { readonly name: string }[] | undefined;
}

/** `host port N` as errors name it, with the jump host: the port has to be looked for from there. */
export function hostPlaceText({ host, port, jumps = [] }: Place): string {
  const last = jumps.at(-1);
  return last === undefined ? `${host} port ${port}` : `${host} port ${port} through jump host ${last.name}`;
}
