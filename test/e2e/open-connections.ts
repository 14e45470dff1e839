/** TCP connections that processes of this machine hold, by the address they lead to: as the kernel lists them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `127.1.0.1:42621` of each connection that is established; empty: the process is gone. */
export function connectionsOf(pid: number): readonly string[] {
  const inodes = socketsOf(pid);
  const lines = textOf(`/proc/${pid}/net/tcp`).split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, , remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
    return state === ESTABLISHED && inodes.has(inode) ? [addressOf(remote)] : [];
  });
}

const ESTABLISHED = '01';

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

/** What goes while it is looked at is not there. */
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
