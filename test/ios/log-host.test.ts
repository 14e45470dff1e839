import { describe, expect, it } from 'vitest';
import { hostOfMessage } from '../../src/ios/log/log-host.ts';

const COMPLETE = '%GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.1 complete for group G1 using address 198.51.100.9';

describe('the router in the header of a log line', () => {
  it.each([
    ['Mar  3 10:11:12 gm1 48: Mar  3 10:11:11: ', 'gm1'],
    ['Mar  3 10:11:12 gm1: ', 'gm1'],
    ['2026-03-03T10:11:12+00:00 198.51.100.9 48: *Mar  3 10:11:11.204: ', '198.51.100.9'],
    ['Mar  3 10:11:12 2001:db8::9 48: *Mar  3 10:11:11.204: ', '2001:db8::9'],
    ['<189>48: 2001:db8:0:0:0:0:0:9: *Mar  3 10:11:11.204: ', '2001:db8:0:0:0:0:0:9'],
  ])('%j names %s', (header, host) => {
    expect(hostOfMessage(`${header}${COMPLETE}`)).toBe(host);
  });

  it.each([
    ['', 'there is none'],
    ['*Mar  3 10:11:11.204: ', "a router's own time"],
    ['Mar  3 10:11:12 CET: ', 'its zone'],
    ['00:01:07: ', 'its uptime'],
    ['7:04: ', 'the end of a time: a buffer begins in the middle of a line'],
    ['1d02h: ', 'days of uptime'],
    ['000048: ', 'a sequence number'],
  ])('%j names none: %s', (header) => {
    expect(hostOfMessage(`${header}${COMPLETE}`)).toBeNull();
  });
});
