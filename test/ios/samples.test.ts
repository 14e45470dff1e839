/**
 * Every sample of real device output is parsed without an unknown line. The samples are not in the repository: they lie
 * beside it (`../shared/samples`), or where GDOIWATCH_SAMPLES points.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../src/gdoi/seen/device-facts.ts';
import type { GmSnapshot, KsSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import type { Snapshot } from '../../src/ios/text/parse-result.ts';

const here = dirname(fileURLToPath(import.meta.url));
const samples = process.env['GDOIWATCH_SAMPLES'] ?? join(here, '../../../shared/samples');
const present = existsSync(samples);

function text(path: string): string {
  return readFileSync(join(samples, path), 'utf8');
}

function only(path: string): { command: string; snapshots: readonly Snapshot[]; unknownLines: readonly string[] } {
  const results = parseCapturedText(text(path));
  expect(results).toHaveLength(1);
  const [result] = results;
  if (result?.kind !== 'parsed') throw new Error(`${path}: ${JSON.stringify(result)}`);
  return result;
}

function gm(path: string, index = 0): GmSnapshot {
  const snapshot = only(path).snapshots[index];
  if (snapshot?.role !== 'gm') throw new Error(`${path}: no GM snapshot`);
  return snapshot;
}

function ks(path: string, index = 0): KsSnapshot {
  const snapshot = only(path).snapshots[index];
  if (snapshot?.role !== 'ks') throw new Error(`${path}: no KS snapshot`);
  return snapshot;
}

function facts(path: string): DeviceFacts {
  const snapshot = only(path).snapshots[0];
  if (snapshot?.role !== 'device') throw new Error(`${path}: no device facts`);
  return snapshot;
}

const NOT_OURS = /^show-(?:crypto-eli|snmp)/;
const files = present
  ? ['gm', 'ks', 'feature', 'other'].flatMap((folder) =>
      readdirSync(join(samples, folder))
        .filter((name) => !NOT_OURS.test(name))
        .map((name) => `${folder}/${name}`),
    )
  : [];

const VENDOR = 'gm/vendor-show-crypto-gdoi.txt';

/** The GM example of the contract. */
const VENDOR_SNAPSHOT: GmSnapshot = {
  role: 'gm',
  group: 'G1',
  identity: '3333',
  groupType: null,
  address: '10.1.13.2',
  vrf: null,
  gmVersion: '1.0.4',
  status: 'Registered',
  registered: true,
  keyServer: '10.1.11.2',
  keyServers: ['10.1.11.2'],
  reregistersInSeconds: 81,
  registrations: { succeeded: 1, attempted: 1 },
  rekeys: { received: 0, sinceRegistration: 0, acksSent: 0, lastFrom: null, lastSequence: 0, lastAgeSeconds: null },
  kek: {
    transport: 'unicast',
    remainingSeconds: 56,
    encryption: '3DES',
    keyBits: 192,
    signatureHash: 'HMAC_AUTH_SHA',
    signatureKeyBits: 1024,
  },
  teks: [
    {
      interface: 'Serial1/0',
      spi: '0xD835DB99',
      transform: 'esp-3des esp-sha-hmac',
      remainingSeconds: 2228,
      antiReplay: 'time',
    },
  ],
  acl: [
    'deny ospf any any',
    'deny eigrp any any',
    'deny udp any port = 848 any port = 848',
    'deny icmp any any',
    'permit ip any any',
  ],
};

describe('the samples of real devices', () => {
  it('are tested if they are present', ({ skip }) => {
    if (!present) skip(`no samples in ${samples}: set GDOIWATCH_SAMPLES`);
    expect(files.length).toBeGreaterThan(80);
  });
});

describe.runIf(present)('a sample of a real device', () => {
  it.each(files)('%s is parsed without an unknown line', (path) => {
    expect(only(path).unknownLines).toEqual([]);
  });

  it('the vendor sample is parsed to the GM example of the contract', () => {
    expect(only(VENDOR)).toMatchObject({ command: 'show crypto gdoi', snapshots: [VENDOR_SNAPSHOT] });
  });

  it.each<[string, (original: string) => string]>([
    ['with arrows and remarks after values', (t) => t.replace('Lifetime (secs) : 56', '$& <=== KEK expires soon')],
    [
      'with a remark that wraps',
      (t) => t.replace('Reregisters in : 81 sec', '$& <=== due to TEK or\nKEK, whichever is first'),
    ],
    ['with a remark without a blank before it', (t) => t.replace('Lifetime (secs) : 56', '$&<--- soon')],
    ['with an arrow that points at the value', (t) => t.replace('Version : 1.0.4', '$& --> GETVPN version')],
    ['with remarks as in a configuration', (t) => t.replace('KEK POLICY:', '! the KEK\n$&  ! follows')],
    ['with full-width remarks', (t) => t.replace('Registration status : Registered', '$& （已经注册状态）')],
    ['with CR LF', (t) => t.replaceAll('\n', '\r\n')],
    ['indented', (t) => t.replace(/^/gm, '      ')],
    ['with tabs', (t) => t.replaceAll(' : ', '\t:\t')],
    ['in colour and with NUL characters', (t) => t.replaceAll('Group', '\u001b[1mGroup\u001b[0m\0')],
    ['without its prompt', (t) => t.slice(t.indexOf('\n') + 1)],
    ['with a second echo', (t) => t.replace('\n', '\nshow crypto gdoi\n')],
    ['without final newline', (t) => t.trimEnd()],
    ['with the next prompt', (t) => `${t.trimEnd()}\nGM#`],
    [
      'with the pager and a log message in between',
      (t) =>
        t
          .replace('KEK POLICY:', ` --More-- ${'\b'.repeat(9)}${' '.repeat(8)}${'\b'.repeat(9)}$&`)
          .replace('TEK POLICY', '\n*Mar  1 00:11:12.555: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated\n$&'),
    ],
  ])('the vendor sample %s is parsed to the same result', (_, change) => {
    const [result] = parseCapturedText(change(text(VENDOR)));
    expect(result).toMatchObject({ kind: 'parsed', snapshots: [VENDOR_SNAPSHOT], unknownLines: [] });
  });

  it('two TEKs of one interface are reported as two SAs, the newest and the expiring one', () => {
    const { teks, rekeys, kek } = gm('gm/genie-gdoi-unicast-two-tek.txt');
    expect(teks?.map((tek) => [tek.interface, tek.spi, tek.remainingSeconds])).toEqual([
      ['GigabitEthernet0/0/1', '0x5A69F51E', 510],
      ['GigabitEthernet0/0/1', '0xF553AC4C', 35],
    ]);
    expect(rekeys.lastAgeSeconds).toBe(90);
    expect(kek?.remainingSeconds).toBe(1109);
  });

  it('a de-indented G-IKEv2 GM keeps its two blocks apart', () => {
    expect(gm('gm/genie-gdoi-gikev2-dedented.txt')).toMatchObject({
      groupType: 'gikev2',
      gmVersion: '1.0.22',
      registrations: { succeeded: 1, attempted: 2 },
      rekeys: { received: 134, lastAgeSeconds: 239, lastSequence: 2 },
      kek: { remainingSeconds: 1650, signatureHash: 'HMAC_AUTH_SHA512' },
    });
  });

  it('`show crypto gdoi gm` gives only what the member block shows', () => {
    expect(only('gm/genie-gdoi-gm.txt').command).toBe('show crypto gdoi gm');
    expect(gm('gm/genie-gdoi-gm.txt')).toMatchObject({ kek: null, teks: null, acl: null, reregistersInSeconds: 518 });
  });

  it('a KS shows remaining life and time to rekey, whose difference is its lead', () => {
    expect(ks('ks/genie-ks-policy-two-tek.txt')).toMatchObject({
      group: 'getvpn1',
      localAddress: '1.1.1.1',
      kek: { spi: '0xEEB0E9A2BBD4C71AF1034F6B24EB8022', remainingSeconds: 787, timeToRekeySeconds: 552 },
      teks: [
        { spi: '0xEE021924', remainingSeconds: 188, timeToRekeySeconds: 62 },
        { spi: '0x3A14695B', remainingSeconds: 0, timeToRekeySeconds: null },
      ],
    });
  });

  it('`ks members` gives the members of each group', () => {
    const { snapshots } = only('ks/genie-ks-members.txt');
    expect(snapshots).toHaveLength(6);
    expect(ks('ks/genie-ks-members.txt', 0).memberDetails?.map((member) => [member.address, member.keyServer])).toEqual(
      [
        ['44.44.44.1', '15.15.15.1'],
        ['54.54.54.1', '16.16.16.1'],
      ],
    );
    expect(ks('ks/genie-ks-members.txt', 0).lastRekeyDurationMs).toBe(10000);
  });

  it('`Group Member not Found` is not an error when the member is in one of the groups', () => {
    const path = 'ks/genie-ks-members-one-ip-not-found.txt';
    expect(only(path).command).toBe('show crypto gdoi ks members 42.42.42.1');
    expect(only(path).snapshots.map((snapshot) => (snapshot.role === 'ks' ? snapshot.group : null))).toEqual([
      'bw-suiteB-v6',
    ]);
  });

  it('a secondary KS knows its primary in each group', () => {
    const path = 'ks/genie-ks-coop-detail-secondary-three-groups.txt';
    expect(only(path).snapshots).toHaveLength(6);
    expect(ks(path, 3)).toMatchObject({
      group: 'bw6000',
      redundancy: true,
      localRole: 'secondary',
      localPriority: 200,
      peers: [{ address: '15.15.15.1', role: 'primary', status: 'Alive' }],
    });
  });

  it('the release is the version of the main image as printed', () => {
    expect(facts('other/show-version-iosxe-16.9.3.txt')).toMatchObject({ software: 'ios-xe', version: '16.9.3' });
    expect(facts('other/show-version-iosxe-03.06.05E.txt').version).toBe('03.06.05E');
    expect(facts('other/show-version-iosxe-17.15-experimental-c8000v.txt').version).toBe('17.15.20240326:010319');
    expect(facts('other/show-version-iosxe-15.3-2-s1.txt')).toMatchObject({ software: 'ios-xe', version: '15.3(2)S1' });
    expect(facts('other/show-version-ios-12.2-18-sxf7.txt').version).toBe('12.2(18)SXF7');
    expect(facts('other/show-version-iosv-15.6-3-m2.txt')).toEqual({
      role: 'device',
      hostname: 'N95_1',
      software: 'ios',
      version: '15.6(3)M2',
      platform: 'IOSv',
      uptimeSeconds: ((24 + 16) * 60 + 42) * 60,
      reloadReason: 'Unknown reason',
    });
  });

  it('of two control processors the one that runs the device is told apart', () => {
    expect(facts('other/show-version-iosxe-03.06.06.E-cat4500.txt')).toMatchObject({
      uptimeSeconds: (((2 * 365 + 39 * 7 + 1) * 24 + 22) * 60 + 42) * 60,
      processor: { uptimeSeconds: (((2 * 365 + 37 * 7 + 1) * 24 + 21) * 60 + 8) * 60, afterSwitchover: true },
    });
    expect(facts('other/show-version-iosxe-16.9.3.txt').processor).toEqual({
      uptimeSeconds: (((365 + 22 * 7 + 6) * 24 + 9) * 60 + 44) * 60,
    });
  });
});
