/** The simulated answers against the layouts of captured ones. */
import { describe, expect, test } from 'vitest';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { uptimeText } from '../../src/simulator/render/render-device.ts';
import { RELEASES, type ReleaseName } from '../../src/simulator/world/release.ts';
import { START_MS, groupOf, numberOf, showAt, spisOf, valueOf } from '../builders/simulated-group.ts';

describe('GM show crypto gdoi', () => {
  test('of IOS XE has the captured labels, columns and order', () => {
    const text = showAt(groupOf({}), 'gm1', 500);
    const shape = text
      .replace(/\d+/gu, 'N')
      .replace(/0xN?[N0-9A-F]+\(N\)/gu, 'SPI')
      .replace(/ +$/gmu, '');
    expect(shape).toMatchInlineSnapshot(`
      "GROUP INFORMATION

          Group Name               : GN
          Group Identity           : N
          Group Type               : GDOI (ISAKMP)
          Crypto Path              : ipvN
          Key Management Path      : ipvN
          Rekeys received          : N
          IPSec SA Direction       : Both

           Group Server list       : N.N.N.N

      Group Member Information For Group GN:
          IPSec SA Direction       : Both
          ACL Received From KS     : gdoi_group_GN_temp_acl

          Group member             : N.N.N.N       vrf: None
             Local addr/port       : N.N.N.N/N
             Remote addr/port      : N.N.N.N/N
             fvrf/ivrf             : None/None
             Version               : N.N.N
             Registration status   : Registered
             Registered with       : N.N.N.N
             Re-registers in       : N sec
             Succeeded registration: N
             Attempted registration: N
             Last rekey from       : N.N.N.N
             Last rekey seq num    : N
             Unicast rekey received: N
             Rekey ACKs sent       : N
             Rekey Rcvd(hh:mm:ss)  : N:N:N
             PFS Rekey received    : N
             DP Error Monitoring   : OFF
             IPSEC init reg executed    : N
             IPSEC init reg postponed   : N
             Active TEK Number     : N
             SA Track (OID/status) : disabled
             Fail-Close Revert : Disabled

             allowable rekey cipher: any
             allowable rekey hash  : any
             allowable transformtag: any ESP

          Rekeys cumulative
             Total received        : N
             After latest register : N
             Rekey Acks sents      : N

       ACL Downloaded From KS N.N.N.N:
         access-list   deny ospf any any
         access-list   deny eigrp any any
         access-list   deny udp any port = N any port = N
         access-list   deny tcp any any port = N
         access-list   permit ip any any

      KEK POLICY:
          Rekey Transport Type     : Unicast
          Lifetime (secs)          : N
          Encrypt Algorithm        : AES
          Key Size                 : N
          Sig Hash Algorithm       : HMAC_AUTH_SHA
          Sig Key Length (bits)    : N

      TEK POLICY for the current KS-Policy ACEs Downloaded:
        GigabitEthernetN:
          IPsec SA:
              spi: NxNDNBNE(N)
              transform: esp-N-aes esp-shaN-hmac
              sa timing:remaining key lifetime (sec): (N)
              Anti-Replay(Counter Based) : N
              tag method : disabled
              alg key size: N (bytes)
              sig key size: N (bytes)
              encaps: ENCAPS_TUNNEL

          IPsec SA:
              spi: NxBNFNC(N)
              transform: esp-N-aes esp-shaN-hmac
              sa timing:remaining key lifetime (sec): (N)
              Anti-Replay(Counter Based) : N
              tag method : disabled
              alg key size: N (bytes)
              sig key size: N (bytes)
              encaps: ENCAPS_TUNNEL


      KGS POLICY:
        REG_GM: local_addr N.N.N.N

      PNP POLICY:
        REG_GM: local_addr N.N.N.N
      "
    `);
  });

  test('of IOS 15 starts the member without a heading and stops after the TEK', () => {
    const text = showAt(groupOf({ gm: '15.6(3)M2' }), 'gm1', 500);
    expect(text).not.toContain('Group Member Information');
    expect(text).not.toContain('Group Type');
    expect(text).not.toContain('KGS POLICY');
    expect(text).toMatch(/^ {5}Group Server list {7}: 10\.1\.11\.2$/mu);
    expect(text).toMatch(/^ {4}Key Size {17}: 256 {5}$/mu);
    expect(text).toMatch(/^ {4}Lifetime \(secs\) {10}: \d+$/mu);
  });

  test('of the vendor document has no indent, single blanks, and Reregisters without a hyphen', () => {
    const text = showAt(groupOf({ gm: '15.2(4)M6' }), 'gm1', 10);
    expect(text).toMatch(/^Reregisters in : \d+ sec$/mu);
    expect(text).toMatch(/^Version : 1\.0\.4$/mu);
    expect(text).toMatch(/^Rekey Received : never$/mu);
    expect(text).not.toMatch(/^ |\n\n/u);
  });

  test('of the oldest layout names the active server and no KEK lifetime', () => {
    const text = showAt(groupOf({ gm: '12.4(24)T8', kss: 2 }), 'gm1', 500);
    expect(text).toMatch(/^ {4}Active Group Server {6}: 10\.1\.11\.2$/mu);
    expect(text).toMatch(/^ {4}Group Server list {8}: 10\.1\.11\.2\n {31}10\.1\.12\.2$/mu);
    expect(text).not.toContain('Lifetime (secs)');
  });

  test('shows two TEKs under one interface after a TEK rekey, the newest first', () => {
    const text = showAt(groupOf({}), 'gm1', 440);
    expect(spisOf(text)).toHaveLength(2);
    expect(text.match(/GigabitEthernet2:/gu)).toHaveLength(1);
    const remaining = [...text.matchAll(/remaining key lifetime \(sec\): \((\d+)\)/gu)].map((match) =>
      Number(match[1]),
    );
    expect(remaining[0]).toBeGreaterThan(remaining[1]!);
  });

  test('moves the age of a multicast rekey under the cumulative counters before IOS XE', () => {
    const group = { transport: 'multicast' } as const;
    const old = showAt(groupOf({ gm: '15.6(3)M2', group }), 'gm1', 500);
    expect(old.indexOf('Rekey Rcvd(hh:mm:ss)')).toBeGreaterThan(old.indexOf('Rekeys cumulative'));
    const xe = showAt(groupOf({ gm: '16.9.5', group }), 'gm1', 500);
    expect(xe.indexOf('Rekey Rcvd(hh:mm:ss)')).toBeLessThan(xe.indexOf('Rekeys cumulative'));
  });

  test('of a GM in two groups repeats the heading for each', () => {
    const fleet = createSimulatedFleet({ scenario: 'demo', seed: 1, startMs: START_MS });
    const text = showAt(fleet, 'gm9', 10);
    expect(text.match(/^GROUP INFORMATION$/gmu)).toHaveLength(2);
    expect([...text.matchAll(/Group Name +: (\w+)/gu)].map((match) => match[1])).toEqual(['CORP', 'MCAST']);
  });

  test('of a GM that never registered shows no KS, no keys and an unknown source of its ACL', () => {
    const text = showAt(groupOf({ paths: [{ gm: 'gm1', ks: 'ks1', registrationLoss: 1 }] }), 'gm1', 100);
    expect(valueOf(text, 'Registration status')).toBe('Registering');
    expect(valueOf(text, 'Registered with')).toBeNull();
    expect(text).toContain('ACL Downloaded From KS UNKNOWN:');
    expect(text).not.toContain('KEK POLICY');
    expect(numberOf(text, 'Succeeded registration')).toBe(0);
  });

  test('countdowns run in whole seconds', () => {
    const fleet = groupOf({});
    const lifetime = (at: number) => numberOf(showAt(fleet, 'gm1', at), 'Lifetime (secs)')!;
    const first = lifetime(10);
    expect(lifetime(10.4)).toBeGreaterThanOrEqual(first - 1);
    expect(lifetime(20)).toBe(first - 10);
  });
});

describe('KS', () => {
  test('show crypto gdoi has continuation labels whose second line alone is ambiguous', () => {
    const text = showAt(groupOf({ kss: 2, gms: 2 }), 'ks1', 100);
    expect(text.match(/Remaining Lifetime/gu)).toHaveLength(3);
    expect(text).toMatch(/^ {4}Group Name {15}: G1 \(Unicast\)$/mu);
    expect(text).toMatch(/^ {4}Group Rekey\n {8}Remaining Lifetime {3}: 1650 secs$/mu);
    expect(text).toMatch(/^ {4}Rekey Retransmit Attempts: 2$/mu);
    expect(text).toMatch(/^ {8}Local KS Role {8}: Primary$/mu);
  });

  test('ks policy shows KEK and TEK with two pairs a line, an old TEK with 0 left and n/a', () => {
    const text = showAt(groupOf({ gms: 1 }), 'ks1', 560, 'show crypto gdoi ks policy');
    expect(text).toMatch(/^ {4}orig life\(sec\) {5}: 1800 {10}remaining life\(sec\) {3}: 1190$/mu);
    expect(text).toMatch(/^ {4}spi : 0x[0-9A-F]{32}$/mu);
    expect(text).toMatch(/remaining life\(sec\) {3}: 0$/mu);
    expect(text).toMatch(/^ {4}time to rekey \(sec\): n\/a$/mu);
  });

  test('ks policy of an old KS shows no time to rekey', () => {
    const text = showAt(groupOf({ ks: '15.1(4)M8' }), 'ks1', 100, 'show crypto gdoi ks policy');
    expect(text).not.toContain('time to rekey');
    expect(text).toMatch(/^ {4}orig life\(sec\): 1800/mu);
  });

  test('ks members and its summary count every GM', () => {
    const fleet = groupOf({ gms: 3, kss: 2 });
    const members = showAt(fleet, 'ks1', 500, 'show crypto gdoi ks members');
    expect(members.match(/^Group Member ID {4}: 10\.16\.\d\.2 {2}GM Version: 1\.0\.26$/gmu)).toHaveLength(3);
    expect(members).toContain('Number of rekeys sent for group G1 : 1');
    const summary = showAt(fleet, 'ks1', 500, 'show crypto gdoi ks members summary');
    expect(summary).toMatch(/^Key Server ID: 10\.1\.11\.2, GMDB state: LOCAL, Group Members: 3$/mu);
    expect(summary).toMatch(/^Key Server ID: 10\.1\.12\.2, GMDB state: REDUNDANT, Group Members: 0$/mu);
  });

  test('ks coop has both roles on lines with a comma, and says when there is no redundancy', () => {
    const pair = showAt(groupOf({ kss: 2 }), 'ks1', 100, 'show crypto gdoi ks coop');
    expect(pair).toMatch(/^Crypto Gdoi Group Name :G1 $/mu);
    expect(pair).toMatch(/Local KS Role: Primary {3}, Local KS Status: Alive {5}$/mu);
    expect(pair).toMatch(/Peer KS Role: Secondary , Peer KS Status: Alive/u);
    expect(showAt(groupOf({}), 'ks1', 100, 'show crypto gdoi ks coop')).toContain('*NO* redundancy configured');
  });

  test('ks shows members and the access list on the next line', () => {
    const text = showAt(groupOf({ gms: 2 }), 'ks1', 100, 'show crypto gdoi ks');
    expect(text.startsWith('Total group members registered to this box: 2\n')).toBe(true);
    expect(text).toMatch(/^ {4}ACL Configured:\n {8}access-list G1-acl$/mu);
  });
});

describe('GM detail commands', () => {
  test('rekey detail has the table with one current SA and cookies of the KEK', () => {
    const text = showAt(groupOf({}), 'gm1', 500, 'show crypto gkm gm rekey detail');
    expect(text).toMatch(/^Group G1 \(Unicast\)$/mu);
    expect(text).toMatch(/^New {5}: 10\.16\.0\.2 {7}10\.1\.11\.2 {7}\d{4} {4}[0-9A-F]{8} {3}[0-9A-F]{8}$/mu);
    expect(text).toMatch(/^Previous: ---/mu);
  });

  test('all GMs of a group show the same cookies while they hold the same KEK', () => {
    const fleet = groupOf({ gms: 3 });
    const cookies = new Set(
      ['gm1', 'gm2', 'gm3'].map(
        (gm) => showAt(fleet, gm, 500, 'show crypto gdoi gm rekey detail').match(/[0-9A-F]{8} {3}[0-9A-F]{8}/u)?.[0],
      ),
    );
    expect(cookies.size).toBe(1);
  });

  test('replay is not enabled with counter-based replay and has numbers with time-based', () => {
    expect(showAt(groupOf({}), 'gm1', 10, 'show crypto gdoi gm replay')).toContain('is not enabled');
    const timed = groupOf({ group: { antiReplay: { kind: 'time', window: 20 } } });
    expect(showAt(timed, 'gm1', 10, 'show crypto gdoi gm replay')).toMatch(
      /^Time Sync Error : 0 Max time delta : 0\.00 secs$/mu,
    );
  });

  test('data-plane counters are printed two per line', () => {
    const text = showAt(groupOf({}), 'gm1', 10, 'show crypto gdoi gm dataplane counters');
    expect(text).toMatch(/^ {4}#pkts encrypt {12}: \d+ +#pkts decrypt {12}: \d+$/mu);
    expect(text).toMatch(/^ {4}#pkts internal err \(send\): 0 {8}#pkts internal err \(rcv\) : 0$/mu);
  });
});

describe('the device itself', () => {
  test.each(Object.keys(RELEASES) as ReleaseName[])(
    'show version of %s names release, hardware and uptime',
    (release) => {
      const text = showAt(groupOf({ gm: release }), 'gm1', 0, 'show version');
      expect(text).toContain(`Version ${release}, RELEASE SOFTWARE`);
      expect(text).toMatch(/^GM1 uptime is .*minutes?$/mu);
      expect(
        text.startsWith(RELEASES[release].xe === null ? 'Cisco IOS Software, ' : 'Cisco IOS XE Software, Version '),
      ).toBe(true);
    },
  );

  test('uptime is printed in whole minutes, units that are zero left out', () => {
    expect(uptimeText(0)).toBe('0 minutes');
    expect(uptimeText(119_999)).toBe('1 minute');
    expect(uptimeText(((2 * 7 + 2) * 1440 + 18 * 60 + 23) * 60_000)).toBe('2 weeks, 2 days, 18 hours, 23 minutes');
    expect(uptimeText((2 * 1440 + 22) * 60_000)).toBe('2 days, 22 minutes');
  });

  test('its certificates never end within 90 days, in whatever year the fleet runs', () => {
    const DAY = 86_400;
    // Rekeys every few minutes of 800 days would be most of the work.
    const fleet = groupOf({ group: { kekLifetimeSeconds: DAY, tekLifetimeSeconds: DAY, kekRemainingSeconds: DAY } });
    for (let day = 0; day < 800; day += 50) {
      const text = showAt(fleet, 'gm1', day * DAY, 'show crypto pki certificates');
      const ends = [...text.matchAll(/^ {4}end {3}date: (\d\d:\d\d:\d\d UTC \w{3} \d{1,2} \d{4})$/gmu)];
      expect(ends).toHaveLength(2);
      for (const [, end = ''] of ends) expect(Date.parse(end)).toBeGreaterThan(START_MS + (day + 90) * DAY * 1000);
    }
  });

  test('show clock and the log have the time of the device, with the mark of its clock', () => {
    const fleet = createSimulatedFleet({ scenario: 'demo', seed: 1, startMs: START_MS });
    expect(showAt(fleet, 'gm1', 1.5, 'show clock')).toBe('08:00:01.500 UTC Mon Jan 5 2026\n');
    expect(showAt(fleet, 'gm4', 1.5, 'show clock')).toBe('.08:00:01.500 UTC Mon Jan 5 2026\n');
    expect(showAt(fleet, 'gm8', 1.5, 'show clock')).toMatch(/^\*\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} \d+ 1993\n$/u);
    expect(showAt(fleet, 'gm1', 60, 'show logging')).toMatch(
      /^Jan {2}5 08:00:45\.\d{3} UTC: %GDOI-5-GM_RECV_REKEY: /mu,
    );
    expect(showAt(fleet, 'gm6', 60, 'show logging')).toMatch(
      /^0000\d\d: Jan {2}5 0\d:\d\d:\d\d\.\d{3}: %\w+-\d-\w+: /mu,
    );
    expect(showAt(fleet, 'gm8', 60, 'show logging')).toMatch(/^\*\w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3}: %/mu);
  });

  test('gkm is a command of IOS XE only', () => {
    const xe = groupOf({ gm: '16.9.5' });
    expect(showAt(xe, 'gm1', 10, 'show crypto gkm')).toBe(showAt(xe, 'gm1', 10, 'show crypto gdoi'));
    const classic = showAt(groupOf({ gm: '15.6(3)M2' }), 'gm1', 10, 'show crypto gkm');
    expect(classic).toBe(`${' '.repeat('GM1#show crypto '.length)}^\n% Invalid input detected at '^' marker.\n\n`);
  });

  test('an unknown command gets the caret under its first unknown word, an unfinished one is incomplete', () => {
    const fleet = groupOf({});
    expect(showAt(fleet, 'gm1', 10, 'show foo')).toBe(
      `${' '.repeat('GM1#show '.length)}^\n% Invalid input detected at '^' marker.\n\n`,
    );
    expect(showAt(fleet, 'gm1', 10, 'show crypto')).toBe('% Incomplete command.\n\n');
    expect(showAt(fleet, 'gm1', 10, 'show crypto gdoi ks')).toContain('% Invalid input');
  });
});
