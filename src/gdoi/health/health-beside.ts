/**
 * What a capture shows beside GETVPN's own commands: does IKE to the key server stand, does IPsec count errors, is the
 * clock set, has the router time for its timers. Anti-replay by time (TBAR) needs no NTP, but the dates of certificates
 * and of log messages do.
 */
import {
  BUSY_CPU_PERCENT,
  type BesideFacts,
  type CpuLoad,
  type IkeSas,
  type IpsecSas,
  type NtpStatus,
} from '../seen/beside-facts.ts';
import { check, type HealthCheck } from './health-check.ts';

export function besideChecks(facts: readonly BesideFacts[]): readonly HealthCheck[] {
  return facts.flatMap((shown) => {
    switch (shown.role) {
      case 'ike':
        return ikeCheck(shown);
      case 'ipsec':
        return ipsecCheck(shown);
      case 'ntp':
        return [ntpCheck(shown)];
      case 'cpu':
        return [cpuCheck(shown)];
      default:
        return shown satisfies never;
    }
  });
}

function ikeCheck({ version, sas }: IkeSas): readonly HealthCheck[] {
  const failing = sas.find(({ established }) => established === false);
  const standing = sas.filter(({ established }) => established === true).length;
  if (failing === undefined && standing === 0) return [];
  const value = { value: standing };
  if (failing === undefined || standing > 0) {
    return [check(['ike', null], 'ok', `IKEv${version}: ${standing} of ${sas.length} SAs stand`, value)];
  }
  const action =
    version === 1
      ? 'Ping the key server from the registration address; compare pre-shared key or certificate and the ISAKMP policy'
      : 'Ping the key server from the registration address; compare the IKEv2 profile, keyring or certificate';
  const detail = `IKEv${version} with ${failing.remote} stays in ${failing.state}: no registration is possible`;
  return [check(['ike', null], 'warning', detail, { ...value, threshold: 1, action })];
}

function ipsecCheck({ flows }: IpsecSas): readonly HealthCheck[] {
  const shown = flows.filter(({ sendErrors, receiveErrors }) => sendErrors !== null || receiveErrors !== null);
  if (shown.length === 0) return [];
  const errors = shown.reduce((sum, flow) => sum + (flow.sendErrors ?? 0) + (flow.receiveErrors ?? 0), 0);
  const worst = shown.find((flow) => (flow.sendErrors ?? 0) + (flow.receiveErrors ?? 0) > 0);
  const place = worst === undefined || worst.interface === null ? '' : ` on ${worst.interface}`;
  const detail =
    errors === 0 ? 'IPsec counts no errors' : `IPsec has counted ${errors} errors${place} since it started`;
  const action =
    errors === 0 ? null : 'show crypto ipsec sa twice: do the errors grow? Then compare SPIs with the key server';
  return [check(['ipsec', null], errors === 0 ? 'ok' : 'warning', detail, { value: errors, threshold: 0, action })];
}

function ntpCheck({ synchronised, stratum, reference }: NtpStatus): HealthCheck {
  const source = `stratum ${stratum ?? '?'}, ${reference ?? 'no reference'}`;
  return synchronised
    ? check(['time_source', null], 'ok', `the clock follows NTP (${source})`, { value: true })
    : check(['time_source', null], 'warning', 'the clock does not follow NTP: certificates and log times may mislead', {
        value: false,
        action: 'show ntp associations: is a server reachable from this router?',
      });
}

function cpuCheck({ oneMinutePercent, fiveMinutesPercent }: CpuLoad): HealthCheck {
  const more = { value: oneMinutePercent, threshold: BUSY_CPU_PERCENT };
  const detail = `the CPU was at ${oneMinutePercent} % in the last minute, ${fiveMinutesPercent} % in the last five`;
  if (oneMinutePercent < BUSY_CPU_PERCENT) return check(['cpu', null], 'ok', detail, more);
  return check(['cpu', null], 'warning', `${detail}: rekeys, acknowledgements and registrations may come late`, {
    ...more,
    action: 'show processes cpu sorted: which process takes it? Packets that are switched count behind the slash',
  });
}
