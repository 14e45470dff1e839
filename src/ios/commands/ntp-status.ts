/** `show ntp status`: does the clock follow a server? The first line says so; the figures below it are not needed. */
import type { NtpStatus } from '../../gdoi/seen/beside-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

// Clock is synchronized, stratum 3, reference is 192.0.2.123 / Clock is unsynchronized, stratum 16, no reference clock
const CLOCK = /^Clock is (un)?synchroni[sz]ed, stratum (\d{1,2}), (?:reference is (\S{1,64})|no reference clock)$/i;
const KNOWN =
  /^(?:nominal freq|ntp uptime|reference time|clock offset|root delay|root dispersion|peer dispersion|loopfilter state|system poll interval|reference assoc id|leap|precision)\b.{0,200}$/i;
const NOT_RUNNING = /^%? ?NTP is not (?:enabled|running|configured)\.?$/i;

function readStatus(answer: Answer): Reading {
  const shown: NtpStatus[] = [];
  const read = readEach(answer.lines, (raw) => {
    const line = collapseBlanks(raw);
    const clock = CLOCK.exec(line);
    if (clock !== null) {
      const [, un, stratum, reference] = clock;
      shown.push({
        role: 'ntp',
        synchronised: un === undefined,
        stratum: Number(stratum),
        reference: reference ?? null,
      });
      return true;
    }
    if (!NOT_RUNNING.test(line)) return KNOWN.test(line);
    shown.push({ role: 'ntp', synchronised: false, stratum: null, reference: null });
    return true;
  });
  const recognised = shown.length > 0;
  return { snapshots: shown.slice(-1), ...read, recognised, missing: recognised ? null : 'the state of the clock' };
}

export const ntpStatus: CommandGrammar = {
  names: ['show ntp status'],
  recognisedBy: [CLOCK, NOT_RUNNING],
  closedLines: [KNOWN, NOT_RUNNING, /, no reference clock$/i],
  read: readStatus,
};
