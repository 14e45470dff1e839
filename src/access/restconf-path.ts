/**
 * Everything that is ever asked of a router over RESTCONF: GET of these paths, and nothing else. No name or address
 * from outside is part of a path: a node is read whole, with all its groups.
 */

const CRYPTO = '/restconf/data/Cisco-IOS-XE-crypto-oper:crypto-oper-data';

/** The modules of the device, by name and revision only (RFC 7895): asked once a session. */
export const YANG_LIBRARY_PATH = '/restconf/data/ietf-yang-library:modules-state?fields=module(name;revision)';

/** Release, boot time and clock of the device. */
export const SYSTEM_PATH =
  '/restconf/data/Cisco-IOS-XE-device-hardware-oper:device-hardware-data/device-hardware/device-system-data';

/**
 * CPU of the last minute, in percent: one leaf, because the container lists every process. (From memory, not from the
 * model: a device that answers 404 is not asked again for an hour.)
 */
export const CPU_PATH = '/restconf/data/Cisco-IOS-XE-process-cpu-oper:cpu-usage/cpu-utilization/one-minute';

export const RESTCONF_PATHS = [
  YANG_LIBRARY_PATH,
  SYSTEM_PATH,
  CPU_PATH,
  `${CRYPTO}/gdoi-gm`,
  `${CRYPTO}/gdoi-gm-rekey`,
  `${CRYPTO}/gdoi-rekey-sa`,
  `${CRYPTO}/gdoi-gm-replay`,
  `${CRYPTO}/gdoi-gm-dp-counters`,
  `${CRYPTO}/gdoi-ks`,
  `${CRYPTO}/gdoi-ks-policy`,
  `${CRYPTO}/gdoi-ks-mem`,
  `${CRYPTO}/gdoi-ks-coop`,
  `${CRYPTO}/gdoi-ks-rekey`,
] as const;

export type RestconfPath = (typeof RESTCONF_PATHS)[number];

type NodeOf<Path> = Path extends `${typeof CRYPTO}/${infer Node}` ? Node : never;
/** A node of the crypto operational model that may be asked for. */
export type CryptoNode = NodeOf<RestconfPath>;

export function cryptoPath<Node extends CryptoNode>(node: Node): `${typeof CRYPTO}/${Node}` {
  return `${CRYPTO}/${node}` as const;
}

/**
 * The names of such answers where commands have theirs: for nodes that list the groups, and for nodes that add to them.
 */
export const MAIN_NODES = 'crypto-oper-data';
export const DETAIL_NODES = 'crypto-oper-data details';
