/**
 * What the kernel knows about processes of this machine: the addresses they have TCP connections to, and how long they
 * waited for a processor.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Remote end of each established connection of the machine, by its socket: `127.1.0.1:42621`. */
export function connectionsNow(): ReadonlyMap<string, string> {
  const lines = textOf('/proc/self/net/tcp').matchAll(ESTABLISHED);
  return new Map(Array.from(lines, ([, remote = '', inode = '']) => [inode, addressOf(remote)]));
}

/**
 * proc_pid_net(5): remote address, state, seven columns, inode. Most of thousands of lines are of closed connections.
 */
const ESTABLISHED = /^ *\d+: \S+ (\S+) 01(?: +\S+){5} +(\d+) /gm;

/** Of one process, from `connections`; empty: it is gone. */
export function connectionsOf(pid: number, connections = connectionsNow()): readonly string[] {
  return [...socketsOf(pid)].flatMap((inode) => connections.get(inode) ?? []);
}

/**
 * Remote ends of sockets that processes have or had, or are about to connect. The kernel takes 18 ms to list 8,000
 * connections of the machine, most of them closed, so it is asked only when a process has an unknown socket, not at
 * each look.
 */
export class KnownSockets {
  /** Null: a socket of another kind. */
  readonly #remotes = new Map<string, string | null>();

  remotesOf(pid: number): readonly string[] {
    const sockets = [...socketsOf(pid)];
    if (sockets.some((inode) => !this.#remotes.has(inode))) this.#learn();
    return sockets.flatMap((inode) => this.#remotes.get(inode) ?? []);
  }

  #learn(): void {
    for (const [, inode = ''] of textOf('/proc/self/net/unix').matchAll(/^(?:\S+ +){6}(\d+)/gm))
      this.#remotes.set(inode, null);
    for (const [, , inode = ''] of textOf('/proc/self/net/udp').matchAll(IN_ANY_STATE)) this.#remotes.set(inode, null);
    for (const [, remote = '', inode = ''] of textOf('/proc/self/net/tcp').matchAll(IN_ANY_STATE))
      this.#remotes.set(inode, addressOf(remote));
  }
}

/** As `ESTABLISHED`. */
const IN_ANY_STATE = /^ *\d+: \S+ (\S+) \S+(?: +\S+){5} +([1-9]\d*) /gm;

function socketsOf(pid: number): ReadonlySet<string> {
  const found = new Set<string>();
  for (const descriptor of listOf(`/proc/${pid}/fd`)) {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`)) ?? [];
    if (inode !== undefined) found.add(inode);
  }
  return found;
}

/** `0100017F:A67D`: the octets of the address backwards, and the port, in hex. */
function addressOf(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const octets = address.match(/../g) ?? [];
  return `${octets
    .toReversed()
    .map((octet) => Number.parseInt(octet, 16))
    .join('.')}:${Number.parseInt(port, 16)}`;
}

/** What disappears during the look counts as absent. */
function or<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
const textOf = (path: string) => or('', () => readFileSync(path, 'utf8'));
const listOf = (path: string) => or<readonly string[]>([], () => readdirSync(path));
const linkOf = (path: string) => or('', () => readlinkSync(path));

/**
 * How long a process that was ready to run waited for a processor: its first thread, plus the other thread that waited
 * most, since its work passes through both (sessions to devices have a thread of their own). As known at each look.
 */
export class ProcessorWaits {
  readonly #pid: number | undefined;
  readonly #looks: { readonly atMs: number; readonly waitedMs: ReadonlyMap<string, number> }[] = [];

  constructor(pid: number | undefined) {
    this.#pid = pid;
  }

  look(): void {
    const threads = `/proc/${this.#pid}/task`;
    const waitedMs = new Map(listOf(threads).map((thread) => [thread, waitedMsOf(`${threads}/${thread}/schedstat`)]));
    this.#looks.push({ atMs: performance.now(), waitedMs });
    if (this.#looks.length > MOST_LOOKS) this.#looks.shift();
  }

  /** In the last so many milliseconds. */
  lastMs(ms: number): number {
    const now = this.#looks.at(-1);
    const then = this.#looks.findLast(({ atMs }) => atMs < performance.now() - ms) ?? this.#looks[0];
    if (now === undefined || then === undefined) return 0;
    const first = String(this.#pid);
    let [ofFirst, ofOthers] = [0, 0];
    for (const [thread, waited] of now.waitedMs) {
      const since = waited - (then.waitedMs.get(thread) ?? 0);
      if (thread === first) ofFirst = since;
      else ofOthers = Math.max(ofOthers, since);
    }
    return ofFirst + ofOthers;
  }
}

/** proc(5), schedstat: ns on a processor, ns waiting for one, turns. */
function waitedMsOf(schedstat: string): number {
  const [, waited] = textOf(schedstat).split(' ');
  return Number(waited ?? 0) / 1e6;
}

const MOST_LOOKS = 100;
