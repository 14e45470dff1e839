/**
 * `show crypto gdoi ks acl` (configured on the KS) and `show crypto gdoi gm acl` (downloaded to the GM, and local).
 *
 * A GM snapshot's `acl` is what came from the KS: local lists stay out of it. A de-configured list prints its heading
 * alone, so the end of these answers cannot be told from their text: what is there is taken as it stands.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_ACES } from '../../gdoi/seen/row-bounds.ts';
import { emptyGmSnapshot, emptyKsSnapshot, type GmSnapshot, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { isAccessList, parseAce } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';

interface AclSketch {
  readonly group: string;
  downloaded: BoundedList<string> | null;
  configured: BoundedList<string> | null;
  into: 'none' | 'downloaded' | 'configured' | 'local';
}

// Group Name: WAN
const GROUP_HEADING = /^Group Name ?: ?(\S{1,128})$/;
// Configured ACL:
const CONFIGURED = /^Configured ACL ?:$/i;
// ACL Downloaded From KS 192.0.2.11:
const DOWNLOADED = /^ACL Downloaded From KS \S{1,45}?:?$/i;
// ACL Configured Locally:
const LOCAL = /^ACL Configured Locally ?:$/i;
// Map Name: cisco
const MAP_NAME = /^Map Name ?: ?\S{1,128}$/i;

/** No ACE, and perhaps a list's heading: what follows is not of the list before. */
const MAY_HEAD_LIST = /^(?!access-list\b).{0,200}ACL/i;

interface AclText {
  readonly groups: readonly AclSketch[];
  readonly reading: Omit<Reading, 'snapshots'>;
}

function readLists(answer: Answer): AclText {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Group Name',
    heading: GROUP_HEADING,
    newSketch,
    take: readLine,
    unnamed: null,
  });
  const headless = groups.at(-1)?.into === 'none';
  const missing = groups.length === 0 ? 'the groups' : headless ? 'the access list' : null;
  return {
    groups,
    reading: {
      ...read,
      recognised: read.known > 0,
      missing: answer.ending === 'prompt' ? null : missing,
    },
  };
}

function newSketch(group: string): AclSketch {
  return { group, downloaded: null, configured: null, into: 'none' };
}

function readLine(sketch: AclSketch, line: string): boolean {
  if (CONFIGURED.test(line)) {
    sketch.configured ??= new BoundedList(MOST_ACES);
    sketch.into = 'configured';
    return true;
  }
  if (DOWNLOADED.test(line)) {
    sketch.downloaded ??= new BoundedList(MOST_ACES);
    sketch.into = 'downloaded';
    return true;
  }
  if (LOCAL.test(line)) {
    sketch.into = 'local';
    return true;
  }
  if (MAP_NAME.test(line)) return true;
  if (MAY_HEAD_LIST.test(line)) sketch.into = 'none';
  const ace = isAccessList(line) ? parseAce(line) : null;
  if (ace === null) return false;
  if (sketch.into === 'none') return false;
  const shown = sketch.into === 'local' ? null : sketch[sketch.into];
  return shown === null || shown.add(ace);
}

function ksAclSnapshot(sketch: AclSketch): KsSnapshot {
  return {
    ...emptyKsSnapshot(sketch.group),
    ...(sketch.configured === null ? {} : { acl: sketch.configured.rows }),
  };
}

function gmAclSnapshot(sketch: AclSketch): GmSnapshot {
  return { ...emptyGmSnapshot(sketch.group), acl: sketch.downloaded?.rows ?? null };
}

/**
 * An ACE that cannot go on: of a protocol without ports, with both its ends, the last one closed.
 * `access-list acl1  deny ospf any any`, `... permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255`
 */
const CLOSED_ACE =
  /^access-list +(?:\S{1,128} +)?(?:permit|deny) +(?!tcp|udp|sctp)[a-z0-9]{1,12} +(?:any|host +\S{1,45}|\S{1,45} +\S{1,45}) +(?:any|\S{1,45} +\d{1,3}\.\d{1,3}\.\d{1,3}\.(?:255|0))$/;
/** `access-list acl1  permit ipv6 2001:DB8:15::/48 2001:DB8:19::/48`: three digits are 128 at most. */
const CLOSED_IPV6_ACE =
  /^access-list +(?:\S{1,128} +)?(?:permit|deny) +(?:ipv6|esp|ospf) +\S{1,45} +[0-9A-Fa-f:]{2,40}\/(?:1[3-9]|[2-9]\d|1[0-2]\d)$/;

export const ksAcl: CommandGrammar = {
  names: ['show crypto gdoi ks acl'],
  recognisedBy: [CONFIGURED],
  closedLines: [CLOSED_ACE, CLOSED_IPV6_ACE],
  read(answer) {
    const { groups, reading } = readLists(answer);
    return { ...reading, snapshots: groups.map(ksAclSnapshot) };
  },
};

export const gmAcl: CommandGrammar = {
  names: ['show crypto gdoi gm acl', 'show crypto gdoi gm acl local', 'show crypto gdoi gm acl download'],
  recognisedBy: [DOWNLOADED, LOCAL],
  closedLines: [
    // ACL Configured Locally:
    /^ACL Configured Locally *:$/i,
    CLOSED_ACE,
    CLOSED_IPV6_ACE,
  ],
  read(answer) {
    const { groups, reading } = readLists(answer);
    return { ...reading, snapshots: groups.map(gmAclSnapshot) };
  },
};
