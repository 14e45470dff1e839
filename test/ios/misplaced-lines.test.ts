/**
 * Which block does a line belong to? If a heading is not understood, because a release spells it differently or a log
 * message landed in it, the lines below it must not be added to the block before it, nor be taken for "there is none":
 * they belong to no block, and are counted as unknown.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GmSnapshot, type KsSnapshot, UNKNOWN_KEK } from '../../src/gdoi/seen/snapshot.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import type { Parsed } from '../../src/ios/text/parse-result.ts';
import { goldenText, wholeGoldenTexts } from './golden-texts.ts';

function parsed(command: string, text: string): Parsed {
  const result = parseCommandOutput(command, text, 'prompt');
  if (result.kind !== 'parsed') throw new Error(result.message);
  return result;
}

function gms(command: string, text: string): readonly GmSnapshot[] {
  return parsed(command, text).snapshots.filter((snapshot) => snapshot.role === 'gm');
}

function kss(command: string, text: string): readonly KsSnapshot[] {
  return parsed(command, text).snapshots.filter((snapshot) => snapshot.role === 'ks');
}

/** They say that a row was not read: no values. */
const UNREAD = new Set(['membersUnread', 'peersUnread']);

/** Whether every value of `part` is also in `whole`; each item of a list must be part of some item there. */
function isPartOf(part: unknown, whole: unknown): boolean {
  if (part === null || part === undefined || Object.is(part, whole)) return true;
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((other) => isPartOf(item, other)));
  }
  if (typeof part !== 'object' || typeof whole !== 'object' || whole === null) return false;
  const values: Readonly<Record<string, unknown>> = { ...whole };
  return Object.entries(part).every(([key, value]) => UNREAD.has(key) || isPartOf(value, values[key]));
}

describe('a heading in an unknown spelling', () => {
  const MEMBERS = 'show crypto gdoi ks members';
  const POLICY = 'show crypto gdoi ks policy';

  it.each<[what: string, command: string, golden: string, heading: RegExp, group: string]>([
    [
      'a group of `ks coop`',
      'show crypto gdoi ks coop',
      'ks-coop/xe17-secondary-of-three.txt',
      /Crypto Gdoi Group Name :lab/,
      'lab',
    ],
    [
      'a group of `gm rekey`',
      'show crypto gdoi gm rekey detail',
      'gm-rekey/detail-two-groups.txt',
      /Group field \(M/,
      'field',
    ],
    ['a group of `ks rekey`', 'show crypto gdoi ks rekey', 'ks-rekey/reference-layout.txt', /Group field \(M/, 'field'],
    [
      'a group of `gm replay`',
      'show crypto gdoi gm replay',
      'gm-replay/enabled-and-not.txt',
      /Anti-replay Information For Group retail/,
      'retail.eu-1',
    ],
    [
      'a group of `ks replay`',
      'show crypto gdoi ks replay',
      'ks-replay/two-groups.txt',
      /Anti-replay Information For Group VOICE/,
      'VOICE',
    ],
    [
      'a group of `ks acl`',
      'show crypto gdoi ks acl',
      'access-lists/ks-two-groups.txt',
      /Group Name: v6-core/,
      'v6-core',
    ],
  ])('of %s: its lines are unknown and not added to another group', (_, command, golden, heading, group) => {
    const text = goldenText(golden);
    const whole = parsed(command, text);
    const result = parsed(command, text.replace(heading, 'Novel $&'));
    const others = whole.snapshots.filter((snapshot) => !('group' in snapshot) || snapshot.group !== group);
    expect(others.length).toBe(whole.snapshots.length - 1);
    expect(result.snapshots).toEqual(others);
    expect(result.lines.unknown).toBeGreaterThan(whole.lines.unknown + 1);
  });

  it('of a TEK in `ks policy` does not change the KEK', () => {
    const text = goldenText('ks-policy/xe17-two-teks.txt');
    const [whole] = kss(POLICY, text);
    for (const novel of ['Novel TEK POLICY (encaps : ENCAPS_TUNNEL)', 'Traffic key (encaps : ENCAPS_TUNNEL)']) {
      const [ks] = kss(POLICY, text.replace(/TEK POLICY.*/, novel));
      expect(ks?.kek).toEqual(whole?.kek);
      expect(isPartOf(ks, whole)).toBe(true);
    }
  });

  it('of a second group in `ks policy` does not change the keys of the first group', () => {
    const text = goldenText('ks-policy/xe17-two-teks.txt');
    const group = text.slice(text.indexOf('For group'), text.lastIndexOf('\n') + 1);
    const other = group.replace(/^For group.*/, 'Policy of another:').replace(/(spi +: 0x)\w{4}/g, '$1ABCD');
    expect(kss(POLICY, `${group}${other}`)).toEqual(kss(POLICY, group));
  });

  it('of a KEK does not make the KEK missing: the lines below the heading still show it', () => {
    const text = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
    const [whole] = gms('show crypto gdoi', text);
    const result = parsed('show crypto gdoi', text.replace('KEK POLICY:', 'KEK POLICIES:'));
    expect(result.unknownLines).toEqual(['KEK POLICIES:']);
    expect(result.snapshots).toEqual([whole]);
  });

  it.each(['IPsec SA:', 'TEK POLICY'])('of TEKs (%s) does not mix the values of two TEKs', (heading) => {
    const text = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
    const [whole] = gms('show crypto gdoi', text);
    const [gm] = gms('show crypto gdoi', text.replaceAll(heading, `Novel ${heading}`));
    expect(gm?.teks?.map(({ spi }) => spi)).toEqual(whole?.teks?.map(({ spi }) => spi));
    expect(isPartOf(gm?.teks, whole?.teks)).toBe(true);
  });

  it('and layout of all lines below TEK POLICY does not mean that there are no TEKs', () => {
    const text = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
    const [head = '', teks = ''] = text.split(/(?<=TEK POLICY.*\n)/);
    expect(gms('show crypto gdoi', `${head}${teks.replace(/^(?! *KGS| *P2P).*\S/gm, 'Novel $&')}`)).toMatchObject([
      { kek: { transport: 'unicast' }, teks: null },
    ]);
  });

  it('of an interface leaves its TEKs without an interface', () => {
    const text = goldenText('show-crypto-gdoi/ipv6-gm-two-interfaces.txt').replace(/^ *TenGig\S+:$/m, 'Port Te0/1/0:');
    const [gm] = gms('show crypto gdoi', text);
    expect(gm?.teks?.map((tek) => tek.interface)).toEqual(['GigabitEthernet0/0/0', null]);
  });

  it('with the name of a second group does not change the first group', () => {
    const text = goldenText('show-crypto-gdoi/gm-in-two-groups.txt').replaceAll('GROUP INFORMATION\n', '');
    const whole = gms('show crypto gdoi', text);
    const names = [...text.matchAll(/^ *Group Name .*$/gm)].map(([line]) => line);
    const [first] = gms('show crypto gdoi', text.replace(names[1] ?? '', names[1]?.replace('Name', 'Label') ?? ''));
    expect(first).toEqual(whole[0]);
  });

  it('of a member does not change the member before it, and marks the list as incomplete', () => {
    const text = goldenText('ks-members/xe17-two-groups.txt');
    const whole = kss(MEMBERS, text);
    const [, second] = [...text.matchAll(/Group Member ID.*/g)].map(([line]) => line);
    const result = kss(MEMBERS, text.replace(second ?? '', 'GM Identity : 198.51.100.8'));
    expect(whole.every((ks) => ks.membersUnread === undefined)).toBe(true);
    expect(result.every((ks) => ks.membersUnread === true)).toBe(true);
    expect(result.every((ks, at) => isPartOf(ks, whole[at]))).toBe(true);
  });

  it('of a certificate does not change the dates of the certificate before it', () => {
    const text = goldenText('pki-certificates/not-captured-xe17-device-and-ca.txt');
    const whole = parsed('show crypto pki certificates', text).snapshots;
    const result = parsed('show crypto pki certificates', text.replace('CA Certificate', 'Root Certificate of the CA'));
    expect(result.snapshots).toMatchObject([{ certificates: [{ kind: 'device' }] }]);
    expect(isPartOf(result.snapshots, whole)).toBe(true);
  });
});

describe('what a newer release may print into the block of a GM', () => {
  const COMMAND = 'show crypto gdoi';
  const XE17 = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
  const [whole] = gms(COMMAND, XE17);
  const withLines = (before: string, lines: string) => parsed(COMMAND, XE17.replace(before, `${lines}\n${before}`));

  it('an SPI of the KEK does not begin a TEK, and the lines below it are still the KEK’s', () => {
    const spi = 'SPI                      : 0x11223344556677889900112233445566';
    const result = withLines('    Encrypt Algorithm', spi);
    expect(result.unknownLines).toEqual([spi]);
    expect(result.snapshots).toEqual([whole]);
  });

  it.each(['    Group member  ', 'KEK POLICY:', 'TEK POLICY for', 'KGS POLICY:'])(
    'known labels below an unknown heading change nothing, in front of "%s"',
    (before) => {
      const result = withLines(
        before,
        [
          'BACKUP SERVERS:',
          'Group Identity           : 8101',
          'Succeeded registration: 3',
          'IPsec Profile            : backup',
        ].join('\n'),
      );
      expect(result.snapshots).toEqual([whole]);
    },
  );

  it.each(['KEK POLICY:', 'TEK POLICY for', 'KGS POLICY:'])(
    'other values below an unknown heading are not the group’s, in front of "%s"',
    (before) => {
      const lines = [
        'BACKUP SERVERS:',
        'Registration status   : Not registered',
        'Registered with       : 192.0.2.99',
        'Re-registers in       : 5 sec',
        'Rekeys received          : 0',
      ];
      const result = withLines(before, lines.join('\n'));
      expect(result.unknownLines).toEqual(lines);
      expect(result.snapshots).toEqual([whole]);
    },
  );

  it('the lifetime of another key than the KEK does not become the KEK’s', () => {
    const lines = ['STANDBY POLICY:', 'Lifetime (secs)          : 5'];
    const result = withLines('TEK POLICY for', lines.join('\n'));
    expect(result.unknownLines).toEqual(lines);
    expect(result.snapshots).toEqual([whole]);
  });

  it.each(['OLD TEK POLICY:', 'TEK POLICY (pending):'])('the SAs below "%s" are not those in use', (heading) => {
    const sa = ['IPsec SA:', 'spi: 0xDEADBEEF(3735928559)', 'sa timing:remaining key lifetime (sec): (7100)'];
    const result = withLines('KGS POLICY:', [heading, ...sa].join('\n'));
    expect(result.unknownLines).toEqual([heading, ...sa]);
    expect(result.snapshots).toEqual([whole]);
  });

  it('of two KEKs, the old and the new one, the one that lasts longer is the GM’s, in either order', () => {
    const from = XE17.indexOf('KEK POLICY:');
    const to = XE17.indexOf('TEK POLICY for');
    const kek = XE17.slice(from, to);
    const old = kek.replace('71234', '150');
    for (const both of [`${kek}${old}`, `${old}${kek}`]) {
      expect(gms(COMMAND, `${XE17.slice(0, from)}${both}${XE17.slice(to)}`)).toEqual([whole]);
    }
  });

  it('a KEK in unknown words is not a missing KEK', () => {
    const text = XE17.replace(/KEK POLICY:[^]*?(?=TEK POLICY)/, 'Current KEK: aes-256, 71234 s left\n');
    const [gm] = gms(COMMAND, text);
    expect(gm?.kek).toEqual(UNKNOWN_KEK);
  });

  it('another member of the group that is not registered is reported, though the first one describes the GM', () => {
    const status = '       Registration status   : Registering';
    const second = `    Group member             : 198.51.100.77   vrf: None\n${status}`;
    const result = withLines('    Rekeys cumulative', second);
    expect(result.unknownLines).toEqual([status.trim()]);
    expect(result.snapshots).toEqual([whole]);
  });

  it.each(['vrf: red blue', 'ivrf: CORP', 'fvrf/ivrf: None/CORP'])('the address stands before "%s"', (vrf) => {
    const result = parsed(COMMAND, XE17.replace('vrf: CORP', vrf));
    expect(result.unknownLines).toHaveLength(1);
    expect(result.snapshots).toMatchObject([{ address: '198.51.100.7', vrf: null }]);
  });
});

describe('what a newer release may print among the COOP peers of a KS', () => {
  const COMMAND = 'show crypto gdoi ks coop';
  const TEXT = goldenText('ks-coop/xe17-secondary-of-three.txt');

  it.each([
    ['the role it had', 'Last election:', 'Local KS Role: Primary , Local KS Status: Dead', /^ *Peer Sessions:/m],
    [
      'the state a peer had',
      'Before this:',
      'Peer KS Role: Secondary , Peer KS Status: Dead',
      /^ *Antireplay Sequence Number: 212/m,
    ],
    ['another address of a peer', 'Announced from:', 'Peer Address: 192.0.2.99', /^ *Peer Priority: 100/m],
  ])('%s does not replace the one it has', (_, heading, line, before) => {
    const result = parsed(COMMAND, TEXT.replace(before, `${heading}\n${line}\n$&`));
    expect(result.snapshots).toEqual(parsed(COMMAND, TEXT).snapshots);
    expect(result.unknownLines).toEqual([heading, line]);
  });

  it.each(['UNKNOWN', '0.0.0.0', 'ks2.example'])('a peer at %s is left out, but not in silence', (address) => {
    const result = parsed(COMMAND, TEXT.replace('Peer Address: 192.0.2.11', `Peer Address: ${address}`));
    expect(result.snapshots[0]).toMatchObject({ peers: [{ address: '192.0.2.13' }] });
    expect(result.unknownLines).toEqual([`Peer Address: ${address}`]);
  });
});

describe('a log message that landed in a heading', () => {
  const LANDED = '*Mar  1 01:12:10.919: %SYS-5-CONFIG_I: Configured from console by vty0';

  it.each<[what: string, command: string, golden: string, heading: RegExp]>([
    [
      'a group of `ks coop`',
      'show crypto gdoi ks coop',
      'ks-coop/xe17-secondary-of-three.txt',
      /^Crypto Gdoi Gr.*:lab.*$/m,
    ],
    ['a group of `gm rekey`', 'show crypto gdoi gm rekey detail', 'gm-rekey/detail-two-groups.txt', /^Group field.*$/m],
    [
      'a member of `ks members`',
      'show crypto gdoi ks members',
      'ks-members/xe17-two-groups.txt',
      /^Group Member ID.*FE00:100.*$/m,
    ],
  ])('of %s does not change the values of the one before it', (_, command, golden, heading) => {
    const text = goldenText(golden);
    const line = heading.exec(text)?.[0] ?? '';
    expect(line).not.toBe('');
    const whole = parsed(command, text).snapshots;
    const before = parsed(command, text.slice(0, text.indexOf(line))).snapshots;
    expect(before).not.toEqual([]);
    for (let kept = 1; kept <= 12; kept += 1) {
      const result = parsed(command, text.replace(line, `${line.slice(0, kept)}${LANDED}`));
      expect(isPartOf(result.snapshots, whole)).toBe(true);
      expect(isPartOf(before, result.snapshots)).toBe(true);
      expect(result.lines.unknown).toBeGreaterThan(0);
    }
  });
});

describe('any labelled line in an unknown spelling', () => {
  const answers = wholeGoldenTexts()
    .filter(({ name }) => !/^(?:show-logging|show-version|show-clock|beside)\/|wrapped|annotated|hostile/.test(name))
    .flatMap(({ name, text }) => {
      const [only, ...more] = parseCapturedText(text);
      const lines = text.split('\n');
      const labelled = lines.flatMap((line, at) => (/^\s*[A-Z][A-Za-z -]*[a-z] *:/.test(line) ? [at] : []));
      const isOneAnswer = only?.kind === 'parsed' && more.length === 0 && labelled.length > 0;
      return isOneAnswer ? [{ name, text, command: only.command, lines, labelled }] : [];
    });

  it('is tried in dozens of golden answers', () => {
    expect(answers.length).toBeGreaterThan(30);
  });

  it.each(answers)('in $name changes no value, and is counted as unknown if a value is missing', (answer) => {
    const { text, command, lines, labelled } = answer;
    const whole = parsed(command, text);
    fc.assert(
      fc.property(fc.constantFrom(...labelled), fc.constantFrom('Novel ', 'New-'), (at, prefix) => {
        const novel = lines.with(at, (lines[at] ?? '').replace(/\S/, `${prefix}$&`)).join('\n');
        const result = parseCommandOutput(command, novel, 'prompt');
        if (result.kind !== 'parsed') return;
        expect(isPartOf(result.snapshots, whole.snapshots)).toBe(true);
        const same = JSON.stringify(result.snapshots) === JSON.stringify(whole.snapshots);
        expect(same || result.lines.unknown > whole.lines.unknown).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
