/** An IPv4 address without the prefix of `::ffff:192.0.2.1`, as a socket for both families shows it. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
