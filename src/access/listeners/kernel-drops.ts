/**
 * Datagrams that the kernel dropped because a socket's buffer was full: they came while the event loop was busy, or
 * faster than it can read. Only Linux tells.
 */
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';

/**
 * `socket_full`: drops of the UDP sockets bound to this port and family, since they were bound; absent: the system does
 * not tell.
 */
export function kernelDrops(bound: { readonly address: string; readonly port: number }): { socket_full?: number } {
  try {
    const table = readFileSync(`/proc/self/net/udp${isIPv6(bound.address) ? '6' : ''}`, 'latin1');
    return { socket_full: dropsInTable(table, bound.port) };
  } catch {
    return {};
  }
}

// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
// 7494: 0100007F:8E0C 00000000:0000 07 00000000:00261600 00:00000000 00000000 0 0 349292 2 00000000913a789f 17
function dropsInTable(table: string, port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops = 0;
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/ +/);
    if (columns[1]?.endsWith(wanted)) drops += Number(columns[12] ?? 0);
  }
  return drops;
}
