import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSyslogMessage } from '../../src/access/listeners/syslog/syslog-header.ts';
import { parseLogMessage } from '../../src/ios/log/log-message.ts';

const TAG = '%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.1.1 for group g using address 10.2.2.2';

const read = (line: string) => readSyslogMessage(Buffer.from(line));

describe('a syslog message of IOS', () => {
  it.each<[title: string, header: string, host: string | null, timestamp: string | null]>([
    ['as it is by default', '45: *Mar  1 00:01:02.345 UTC: ', null, 'Mar  1 00:01:02.345 UTC'],
    ['whose clock lost its source', '45: .Mar 21 01:12:10: ', null, 'Mar 21 01:12:10'],
    ['with the year', '45: Jun  5 2024 07:23:09.318 EST: ', null, 'Jun  5 2024 07:23:09.318 EST'],
    ['with neither fraction nor zone', '45: Aug 14 13:04:09: ', null, 'Aug 14 13:04:09'],
    ['with sequence numbers', '45: 000063: *Mar  1 00:01:02.345: ', null, 'Mar  1 00:01:02.345'],
    ['with its name', '45: gm1.example: *Mar  1 00:01:02.345: ', 'gm1.example', 'Mar  1 00:01:02.345'],
    ['with its address', '45: 10.2.2.2: *Mar  1 00:01:02.345: ', '10.2.2.2', 'Mar  1 00:01:02.345'],
    ['with its IPv6 address', '45: 2001:db8::1: *Mar  1 00:01:02.345: ', '2001:db8::1', 'Mar  1 00:01:02.345'],
    ['with name and sequence number', '45: gm1: 000063: Aug 14 15:26:31.204: ', 'gm1', 'Aug 14 15:26:31.204'],
    ['with an origin that is no name', '45: branch 7, rack 2: Aug 14 13:04:09: ', null, 'Aug 14 13:04:09'],
    ['without a counter', '*Mar  1 00:01:02.345: ', null, 'Mar  1 00:01:02.345'],
    ['without a counter, with its name', 'gm1: *Mar  1 00:01:02.345: ', 'gm1', 'Mar  1 00:01:02.345'],
    ['with a sequence number before its name', '45: 000063: gm1: *Mar  1 00:01:02.345: ', 'gm1', 'Mar  1 00:01:02.345'],
    ['with the year first', '45: 2026 Mar  1 00:01:02.345 UTC: ', null, '2026 Mar  1 00:01:02.345 UTC'],
    ['from a relay that puts a colon behind the name', 'Nov 24 11:30:00 gm1: ', 'gm1', null],
    [
      'from a relay that writes the year and a colon',
      'Nov 24 2026 11:30:00 10.2.2.2: 45: *Mar  1 00:01:02: ',
      '10.2.2.2',
      'Mar  1 00:01:02',
    ],
    ['with a zone that looks like a name, and no relay', 'Nov 24 11:30:00 UTC+1: ', null, 'Nov 24 11:30:00 UTC+1'],
    [
      'through two relays',
      'Nov 24 11:30:00 relay Nov 24 11:29:59 gm1 45: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    [
      'through a relay that keeps the whole message',
      'Nov 24 11:30:00 relay <189>45: gm1: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    [
      'through a relay that names the origin',
      'Original Address=10.2.2.2 45: *Mar  1 00:01:02: ',
      '10.2.2.2',
      'Mar  1 00:01:02',
    ],
    [
      'through two relays of which one names the origin',
      'Nov 24 11:30:00 relay Original Address=10.2.2.2 45: ',
      '10.2.2.2',
      null,
    ],
    [
      'forwarded by a host of Unix',
      'Nov 24 11:30:00 Message forwarded from gm1: 45: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    [
      'from a relay that writes date and time with a blank',
      '2026-11-24 11:30:00 gm1 45: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    ['from a relay that writes the year', 'Nov 24 2026 11:30:00 gm1 45: *Mar  1 00:01:02: ', 'gm1', 'Mar  1 00:01:02'],
    [
      'through two relays of syslog-ng',
      'Nov 24 11:30:00 s_net@relay/gm1 45: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    [
      'in RFC 5424 with its own header inside',
      '1 2026-11-24T11:30:00Z relay - - - - 45: gm1: 000063: *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
    ['with uptime for a stamp', '45: 00:01:07: ', null, '00:01:07'],
    ['with a long uptime for a stamp', '45: 1d02h: ', null, '1d02h'],
    ['with uptime, name and sequence number', '45: gm1: 000063: 2w3d: ', 'gm1', '2w3d'],
    ['without a stamp', '45: ', null, null],
    ['without a stamp, with its name', '45: gm1: ', 'gm1', null],
    ['without anything', '', null, null],
    ['from a relay', 'Nov 24 11:30:00 gm1 45: *Mar  1 00:01:02.345: ', 'gm1', 'Mar  1 00:01:02.345'],
    ['with an origin, from a relay', 'Nov  4 11:30:00 10.9.9.9 45: gm1: *Mar  1 00:01:02: ', 'gm1', 'Mar  1 00:01:02'],
    ['from a relay with a full stamp', '2026-11-24T11:30:00.123456+00:00 10.2.2.2 45: ', '10.2.2.2', null],
    ['from a program that plays it', 'Nov 24 11:30:00 loghost root: ', 'loghost', null],
    ['in RFC 5424', '1 2026-11-24T11:30:00.123Z gm1 - - - - ', 'gm1', null],
    ['in RFC 5424 with a byte order mark', '1 2026-11-24T11:30:00Z gm1 ios 12 ID - \uFEFF', 'gm1', null],
    ['in RFC 5424 with the three letters', '1 2019-10-04T14:05:50.112Z - - - - - BOM', null, null],
    ['in RFC 5424 without host and time', '1 - - - - - - ', null, null],
    [
      'in RFC 5424 with structured data',
      '1 2026-11-24T11:30:00+02:00 gm1 a b c [x@9 k="%A-1-B: \\"]\\\\"][y@9 z="]"] *Mar  1 00:01:02: ',
      'gm1',
      'Mar  1 00:01:02',
    ],
  ])('%s', (_, header, host, timestamp) => {
    const message = read(`<189>${header}${TAG}`);
    expect(message?.claimedHost).toBe(host);
    expect(parseLogMessage(message?.text ?? '')).toMatchObject({
      facility: 'CRYPTO',
      mnemonic: 'GM_REGSTER',
      text: 'Start registration to KS 10.1.1.1 for group g using address 10.2.2.2',
      timestamp,
    });
  });

  it('begins with its stamp', () => {
    expect(read(`<189>45: gm1: 000063: *Mar  1 00:01:02.345: ${TAG}\r\n`)).toEqual({
      claimedHost: 'gm1',
      text: `000063: *Mar  1 00:01:02.345: ${TAG}`,
    });
  });

  it.each<[title: string, header: string, sequence: number | null]>([
    ['behind its name', '45: gm1: 000063: *Mar  1 00:01:02: ', 63],
    ['before its name', '45: 000063: gm1: *Mar  1 00:01:02: ', 63],
    ['without a counter', '000063: *Mar  1 00:01:02: ', 63],
    ['of seven digits', '45: 1000048: *Mar  1 00:01:02: ', 1_000_048],
    ['behind the name that rsyslog puts first', 'Nov 24 11:30:00 gm1 000063: *Mar  1 00:01:02: ', 63],
    ['behind counter and name of syslog-ng', '2026-11-24T11:30:00+00:00 gm1 45: 000063: *Mar  1 00:01:02: ', 63],
    ['in the place of the program', '1 2026-11-24T11:30:00Z gm1 000063 - - - *Mar  1 00:01:02: ', 63],
    ['as structured data', '1 2026-11-24T11:30:00Z gm1 - - - [meta sequenceId="48"] *Mar  1 00:01:02: ', 48],
    ['that is only the counter', '45: *Mar  1 00:01:02: ', null],
  ])('keeps its sequence number %s', (_, header, sequence) => {
    expect(parseLogMessage(read(`<189>${header}${TAG}`)?.text ?? '')?.sequence).toBe(sequence);
  });

  it('stays on one line, whatever it contains', () => {
    const octets = Buffer.from(`<189>45: ${TAG} a\r\nb\0\u001b[2Jc\u2028d\xff`, 'latin1');
    expect(readSyslogMessage(octets)?.text).toBe(`${TAG} a b [2Jc(dÿ`.replace('ÿ', '\uFFFD'));
  });
});

describe('a header', () => {
  it.each(['no priority', '<>45: x', '<192>45: x', '<1899>45: x', '189>x', '', '<189'])(
    'without a priority is none: %j',
    (line) => {
      expect(read(line)).toBeNull();
    },
  );

  it('that is not understood stays with the message', () => {
    expect(read('<13>something else: entirely')).toEqual({ claimedHost: null, text: 'something else: entirely' });
    expect(read('<13>1 2026-11-24T11:30:00Z gm1 - - - [never closed %A-1-B: x')).toEqual({
      claimedHost: 'gm1',
      text: '[never closed %A-1-B: x',
    });
  });

  it('of any octets gives one line or nothing, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', '<189>'), (octets, priority) => {
        const message = readSyslogMessage(Buffer.concat([Buffer.from(priority), octets]));
        expect(message !== null || priority === '').toBe(true);
        // oxlint-disable-next-line no-control-regex -- these are the characters it is about
        expect(message?.text ?? '').not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
    );
  });

  it('takes linear time, whatever it repeats', () => {
    for (const part of ['a: ', '1: ', '[', '[a="\\', ' ', '<1>1: ', 'Mar  1 00:00:00 ', '%', ': %a']) {
      const line = Buffer.from(`<189>${part.repeat(8192 / part.length)}`);
      // Its own share of the processor, the best of a few: what else the machine does is not counted.
      const micros = Array.from({ length: 5 }, () => {
        const from = process.cpuUsage();
        readSyslogMessage(line);
        const { user, system } = process.cpuUsage(from);
        return user + system;
      });
      expect(Math.min(...micros)).toBeLessThan(20_000);
    }
  });
});
