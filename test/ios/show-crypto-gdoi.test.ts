/** What the blocks of `show crypto gdoi` say about a GM or a KS, in corner cases that no golden text isolates. */
import { describe, expect, it } from 'vitest';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { goldenText } from './golden-texts.ts';

const XE17 = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
const IOS15 = goldenText('show-crypto-gdoi/ios15-multicast-two-servers.txt');

function gm(text: string): GmSnapshot {
  const result = parseCommandOutput('show crypto gdoi', text);
  const snapshot = result.kind === 'parsed' ? result.snapshots[0] : undefined;
  if (snapshot?.role !== 'gm') throw new Error(JSON.stringify(result));
  return snapshot;
}

describe('a GM', () => {
  it('has a KEK without remaining lifetime on a release before 15.2(1)T', () => {
    const { kek } = gm(goldenText('show-crypto-gdoi/ios12-no-kek-lifetime-sa-per-direction.txt'));
    expect(kek).toMatchObject({ transport: 'unicast', remainingSeconds: null, keyBits: 192 });
  });

  it.each([
    ['00:01:30', 90],
    ['23:59:59', 86399],
    ['1d02h', 93600],
    ['2w3d', 17 * 86400],
    ['1y15w', (365 + 105) * 86400],
    ['never', null],
    ['Never', null],
  ])('that prints %s as the age of its last rekey gives %s seconds', (printed, seconds) => {
    expect(gm(XE17.replace('00:12:45', printed)).rekeys.lastAgeSeconds).toBe(seconds);
  });

  it.each(['Re-registers in ', 'Reregisters in ', 'Re-registered in'])('may label its countdown "%s"', (label) => {
    expect(gm(XE17.replace('Re-registers in ', label)).reregistersInSeconds).toBe(2871);
  });

  it.each(['Registering', 'Not Registered', 'Not registered', 'Unregistered'])(
    'is not registered when its status is %s',
    (status) => {
      expect(gm(XE17.replace(': Registered\n', `: ${status}\n`))).toMatchObject({ status, registered: false });
    },
  );

  it.each(['0.0.0.0', 'UNKNOWN', '::'])('has no key server when it is registered with %s', (address) => {
    expect(
      gm(XE17.replace('Registered with       : 192.0.2.12', `Registered with       : ${address}`)).keyServer,
    ).toBeNull();
  });

  it('has TEKs but no KEK when KEK POLICY is missing', () => {
    const [head = '', tail = ''] = XE17.split('KEK POLICY:');
    const text = `${head}TEK POLICY${tail.split('TEK POLICY')[1] ?? ''}`;
    expect(gm(text)).toMatchObject({ kek: null, teks: [{ spi: '0x0A69F51E' }, { spi: '0xC553AC4C' }] });
  });

  it('has no TEKs when TEK POLICY has no SA below it, and unknown TEKs when that heading is missing', () => {
    expect(gm(goldenText('show-crypto-gdoi/registered-without-keys.txt')).teks).toEqual([]);
    expect(gm(goldenText('show-crypto-gdoi/registering.txt')).teks).toBeNull();
  });

  it('has no countdown, and the line is unknown, when the countdown is not a number', () => {
    const result = parseCommandOutput('show crypto gdoi', IOS15.replace('2610 sec', 'soon'));
    expect(result).toMatchObject({
      snapshots: [{ reregistersInSeconds: null }],
      unknownLines: ['Re-registers in       : soon'],
    });
  });

  it.each([
    ['countdown', '2871 sec', '4294967291 sec', { reregistersInSeconds: null }],
    ['KEK lifetime', ': 71234', ': 4294967291', { kek: { transport: 'unicast', remainingSeconds: null } }],
    ['TEK lifetime', '(3051)', '(4294967291)', { teks: [{ spi: '0x0A69F51E', remainingSeconds: null }, {}] }],
  ])('has no %s, and the line is unknown, when it went below 0 and shows 32 bits', (_, shown, wrapped, values) => {
    const result = parseCommandOutput('show crypto gdoi', XE17.replace(shown, wrapped), 'prompt');
    expect(result).toMatchObject({ snapshots: [values], unknownLines: [expect.stringContaining('4294967291')] });
  });

  it('has a TEK without SPI when the SPI is impossible: nine hex digits are a typing error', () => {
    expect(gm(IOS15.replace('0xB8841F10(3095666448)', '0x51111211F(1460077087)')).teks?.[0]?.spi).toBeNull();
  });

  it('gives the seconds when the lifetime of an SA is in kilobytes and seconds', () => {
    const text = IOS15.replace('lifetime (sec): (2784)', 'lifetime (k/sec): (4415180/2784)');
    expect(gm(text).teks?.[0]?.remainingSeconds).toBe(2784);
  });

  it('is described by the first member when its group names two', () => {
    const second =
      '    Group member             : 198.51.100.77   vrf: None\n       Registration status   : Registering\n';
    const text = XE17.replace('    Rekeys cumulative', `${second}    Rekeys cumulative`);
    expect(gm(text)).toMatchObject({ address: '198.51.100.7', registered: true });
  });
});

describe('a KS', () => {
  it('has three countdowns with the same label, each of which belongs to the line before it', () => {
    const result = parseCommandOutput(
      'show crypto gdoi',
      goldenText('show-crypto-gdoi/ks-of-one-group-gm-of-another.txt'),
    );
    expect(result).toMatchObject({
      snapshots: [
        {
          role: 'ks',
          kek: { remainingSeconds: 86127 },
          teks: [{ remainingSeconds: 3328 }, { remainingSeconds: 6001 }],
        },
        { role: 'gm', group: 'data' },
      ],
    });
  });

  it('has unknown redundancy when there is no redundancy block', () => {
    const result = parseCommandOutput('show crypto gdoi', goldenText('show-crypto-gdoi/ks-oldest-layout.txt'));
    expect(result).toMatchObject({ snapshots: [{ redundancy: null, members: 0, kek: { remainingSeconds: null } }] });
  });
});

describe('a value', () => {
  const read = (line: string, value: string) => {
    const shown = XE17.replace(new RegExp(`^(.*${line.replace(/[()]/g, '\\$&')} *:).*$`, 'm'), `$1 ${value}`);
    const result = parseCommandOutput('show crypto gdoi', shown);
    if (result.kind !== 'parsed' || shown === XE17) throw new Error(JSON.stringify(result));
    return { gm: gm(shown), unknownLines: result.unknownLines };
  };

  it.each(['--', '---', 'N/A', 'n/a', 'None', 'Unknown', '?', '(null)'])('of %s means that there is none', (none) => {
    expect(read('Version', none)).toMatchObject({ gm: { gmVersion: null }, unknownLines: [] });
    expect(read('Encrypt Algorithm', none)).toMatchObject({ gm: { kek: { encryption: null } }, unknownLines: [] });
    expect(read('Sig Hash Algorithm', none)).toMatchObject({ gm: { kek: { signatureHash: null } }, unknownLines: [] });
    expect(read('Group Identity', none)).toMatchObject({ gm: { identity: null }, unknownLines: [] });
  });

  it('of the SA direction is told where nothing is sent encrypted, and in no other case', () => {
    expect(read('IPSec SA Direction', 'Inbound Only').gm).toMatchObject({ receiveOnly: true });
    expect(read('IPSec SA Direction', 'Inbound Optional').gm).not.toHaveProperty('receiveOnly');
    expect(gm(XE17)).not.toHaveProperty('receiveOnly');
  });

  it.each([
    ['Version', '1.0.26 of late', (shown: GmSnapshot) => shown.gmVersion],
    ['Encrypt Algorithm', '-5', (shown: GmSnapshot) => shown.kek?.encryption],
    ['Group Identity', 'not one word', (shown: GmSnapshot) => shown.identity],
    // devices count in 32 bits
    ['Lifetime (secs)', '4294967296', (shown: GmSnapshot) => shown.kek?.remainingSeconds],
    ['Re-registers in', '999999999999999 sec', (shown: GmSnapshot) => shown.reregistersInSeconds],
    [
      'sa timing',
      'remaining key lifetime (sec): (9999999999)',
      (shown: GmSnapshot) => shown.teks?.[0]?.remainingSeconds,
    ],
  ])('of %s in an unknown form (%s) is null, and its line is unknown', (label, value, shown) => {
    const result = read(label, value);
    expect(shown(result.gm)).toBeNull();
    expect(result.unknownLines).toHaveLength(1);
  });

  it.each(['fvrf/ivrf', 'Local addr/port', 'DP Error Monitoring'])(
    'of a second label after %s on the same line is not lost: the line is unknown',
    (label) => {
      const line = new RegExp(`^.*${label} *:.*$`, 'm').exec(XE17)?.[0] ?? '';
      const joined = XE17.replace(/^ *Succeeded registration.*\n/m, '').replace(
        line,
        `${line}   Succeeded registration: 4`,
      );
      const result = parseCommandOutput('show crypto gdoi', joined);
      expect(result).toMatchObject({ kind: 'parsed', unknownLines: [`${line.trim()}   Succeeded registration: 4`] });
    },
  );
});
