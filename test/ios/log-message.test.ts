import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLogMessage, parseLogMessage } from '../../src/ios/log/log-message.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

const REGISTER = '%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.1.1 for group g using address 10.2.2.2';

describe('a syslog line', () => {
  it.each<[title: string, header: string, timestamp: string | null, sequence: number | null]>([
    ['from a clock that was never set', '*Mar  1 01:12:10.919: ', 'Mar  1 01:12:10.919', null],
    ['from a clock that lost its time source', '.Mar 21 01:12:10: ', 'Mar 21 01:12:10', null],
    ['with fractions of a second', 'Aug 14 15:26:31.204: ', 'Aug 14 15:26:31.204', null],
    ['with a time zone', 'Jun  5 07:23:09.318 EST: ', 'Jun  5 07:23:09.318 EST', null],
    ['with a year', 'Jun  5 2024 07:23:09.318 UTC: ', 'Jun  5 2024 07:23:09.318 UTC', null],
    ['with a sequence number', '031402: Jun 19 06:17:42: ', 'Jun 19 06:17:42', 31_402],
    [
      'with a sequence number and the mark of an unset clock',
      '000063: *Dec  2 09:41:52.613: ',
      'Dec  2 09:41:52.613',
      63,
    ],
    ['with the uptime as its timestamp', '00:01:07: ', '00:01:07', null],
    ['with a long uptime as its timestamp', '*1d02h: ', '1d02h', null],
    ['without a timestamp', '', null, null],
    ['from the network', '<189>48: *Mar  1 01:12:10.919: ', 'Mar  1 01:12:10.919', 48],
    ['from the network with a host name', '<189>48: gm1.example: Mar  1 01:12:10.919: ', 'Mar  1 01:12:10.919', 48],
    ['from a relay with only a host name', 'gm1: *Mar  1 01:12:10.919: ', 'Mar  1 01:12:10.919', null],
    ['cut off at its start by the ring buffer', '7:04: ', null, null],
    ['with the year before the month', '2026 Mar  1 01:12:10.919 CET: ', '2026 Mar  1 01:12:10.919 CET', null],
    ['with the zone right behind the seconds', '.Mar 26 20:49:19KST: ', 'Mar 26 20:49:19KST', null],
    ['with a numeric zone', 'Mar  1 01:12:10.919 +0100: ', 'Mar  1 01:12:10.919 +0100', null],
    ['with the host behind the timestamp', '<189>91: *Oct 07 03:10:04: gm1.example ', 'Oct 07 03:10:04', 91],
    ['with the process of IOS XE before it', 'Mar  1 01:12:10.919: R0/0: kmd: ', 'Mar  1 01:12:10.919', null],
    ['with the time and host of a relay, a colon behind them', 'Mar  1 01:12:10 gm1: ', null, null],
    ['in RFC 5424', '<189>1 2026-03-01T01:12:10.919Z gm1 - - - - ', null, null],
    [
      'in RFC 5424 with structured data and the router’s own stamp',
      '<189>1 2026-03-01T01:12:10Z gm1 000063 - - [meta sequenceId="48"] *Mar  1 01:12:10.919: ',
      'Mar  1 01:12:10.919',
      null,
    ],
  ])(
    '%s is split into facility, severity, mnemonic, text, timestamp and sequence number',
    (_, header, timestamp, sequence) => {
      expect(parseLogMessage(header + REGISTER)).toEqual({
        facility: 'CRYPTO',
        severity: 5,
        mnemonic: 'GM_REGSTER',
        text: 'Start registration to KS 10.1.1.1 for group g using address 10.2.2.2',
        timestamp,
        sequence,
      });
    },
  );

  it('of IOS XE is stripped of the process name before its text', () => {
    const line = 'Aug 14 15:26:38.951: %GDOI-5-SA_KEK_UPDATED: Chassis 2 R0/0: iosd: SA KEK was updated';
    expect(parseLogMessage(line)?.text).toBe('SA KEK was updated');
  });

  it('of the forwarding engine of IOS XE is the message inside that of the platform', () => {
    const line =
      '*Mar  3 10:11:12.123: %IOSXE-3-PLATFORM: R0/0: cpp_cp: QFP:0.0 Thread:001 TS:00000612 %IPSEC-3-REPLAY_ERROR: IPSec SA receives anti-replay error, DP Handle 9, src_addr 198.51.100.9, dest_addr 198.51.100.7, SPI 0x77aa0001';
    expect(parseLogMessage(line)).toEqual({
      facility: 'IPSEC',
      severity: 3,
      mnemonic: 'REPLAY_ERROR',
      text: 'IPSec SA receives anti-replay error, DP Handle 9, src_addr 198.51.100.9, dest_addr 198.51.100.7, SPI 0x77aa0001',
      timestamp: 'Mar  3 10:11:12.123',
      sequence: null,
    });
  });

  it('of the platform about something else, or one that quotes another, is itself', () => {
    for (const [line, mnemonic] of [
      ['%IOSXE-3-PLATFORM: R0/0: kernel: EXT2-fs: 100% full', 'PLATFORM'],
      ['%HA_EM-6-LOG: watch: saw %GDOI-4-GM_RE_REGISTER: Re-register to KS', 'LOG'],
    ] as const) {
      expect(parseLogMessage(line)?.mnemonic).toBe(mnemonic);
    }
  });

  it('may have a facility with a hyphen (SYS-SP)', () => {
    expect(parseLogMessage('%SYS-SP-5-RESTART: System restarted --')).toMatchObject({
      facility: 'SYS-SP',
      severity: 5,
      mnemonic: 'RESTART',
    });
  });

  it.each([
    'Mar  3 10:11:12 R1: ',
    '2026-03-01T01:12:10.919Z R1 48: *Mar  3 10:11:12.123: ',
    '<189>1 2026-03-01T01:12:10Z gm1 - - - - ',
    '2026 Mar  1 01:12:10.919 CET: ',
    '.Mar 26 20:49:19KST: ',
    '<189>91: *Oct 07 03:10:04: gm1.example ',
  ])('leaves nothing over of the header %s', (header) => {
    expect(findLogMessage(header + REGISTER)?.before).toBe('');
  });

  it.each([
    "% Invalid input detected at '^' marker.",
    '%SNMP agent not enabled',
    '100% of 5: done',
    'Load for five secs: 1%/0%; one minute: 2%',
    '',
    '%',
    '%A-5-:',
    '%A-9-B: text',
  ])('is not recognised in: %s', (line) => {
    expect(parseLogMessage(line)).toBeNull();
  });

  it('is found after any text that contains no "%", whatever follows it', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodePoint, maxLength: 200 }), fc.string({ maxLength: 60 }), (before, after) => {
        const message = parseLogMessage(`${before.replaceAll('%', '')} %GDOI-5-SA_TEK_UPDATED:${after}`);
        expect(message?.mnemonic).toBe('SA_TEK_UPDATED');
      }),
    );
  });
});
