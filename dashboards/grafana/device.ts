/** One device: its countdowns and counters, what happened to it, and how its polls go. */
import { alertMarks, alertPanels } from './alerts.ts';
import { compose, markAt } from './compose.ts';
import { TO_GROUP, UIDS } from './links.ts';
import {
  bars,
  CERTIFICATE_LIFE,
  KEK_LIFE,
  stat,
  states,
  stateTimeline,
  table,
  timeSeries,
  WARN_ABOVE_ZERO,
  YES_OR_NO,
} from './panels.ts';
import { IN_JOB, per } from './query.ts';
import { latest, marks } from './reregistrations.ts';
import { agentUrl, chooseMany, chooseOne, datasource, job, valuesOf } from './variables.ts';

const OF_DEVICE = `${IN_JOB},device="$device"`;
const IN_GROUPS = `${OF_DEVICE},group=~"$group"`;
const group = (metric: string) => per('group', metric, IN_GROUPS);
const whole = (metric: string) => `max(${metric}{${OF_DEVICE}})`;
const counted = (labels: string, metric: string, selector = IN_GROUPS) =>
  `sum by (${labels}) (increase(${metric}{${selector}}[$__rate_interval]))`;

export const deviceDashboard = compose({
  uid: UIDS.device,
  title: 'GETVPN device',
  description: 'Countdowns, counters and events of one group member or key server.',
  tags: ['getvpn'],
  from: 'now-3h',
  agentPage: { title: "The agent's page of this device", path: '/devices/${device:percentencode}' },
  variables: [
    datasource(),
    job(),
    chooseOne('device', 'Device', valuesOf('gdoi_device_info', IN_JOB, 'device')),
    chooseMany('group', 'Group', valuesOf('', `__name__=~"gdoi_gm_info|gdoi_ks_.+",${OF_DEVICE}`, 'group')),
    agentUrl(),
  ],
  annotations: [
    ...marks(IN_GROUPS),
    markAt('Rekeys received', `${group('gdoi_gm_last_rekey_timestamp_seconds')} * 1000`, {
      color: 'green',
      title: 'Rekey',
      text: '{{group}}',
    }),
    markAt(
      'Reloads', // The uptime is carried on in whole minutes.
      `round(${whole('gdoi_device_last_success_timestamp_seconds')} - ${whole('gdoi_device_uptime_seconds')}, 120) * 1000`,
      { color: 'purple', title: 'Reload', text: '$device started' },
    ),
    alertMarks('device="$device"'),
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Answers',
          description: 'The last poll got and parsed an answer.',
          width: 3,
          unit: 'none',
          mappings: YES_OR_NO,
          expr: whole('gdoi_device_up'),
        }),
        stat({
          title: 'Last good poll',
          description: 'All figures of the device are from then.',
          width: 3,
          unit: 'dateTimeFromNow',
          expr: `${whole('gdoi_device_last_success_timestamp_seconds')} * 1000`,
        }),
        stat({
          title: 'Uptime',
          description: 'Since the last reload, from show version.',
          width: 3,
          unit: 's',
          expr: whole('gdoi_device_uptime_seconds'),
        }),
        stat({
          title: 'Registered',
          description: 'As GM, in all its groups.',
          width: 3,
          unit: 'none',
          mappings: YES_OR_NO,
          empty: 'no GM',
          expr: `min(gdoi_gm_registered{${IN_GROUPS}})`,
        }),
        stat({
          title: 'Re-registers in',
          description: "The device's own countdown at the last poll.",
          width: 3,
          unit: 's',
          empty: 'not shown',
          expr: `min(gdoi_gm_reregisters_in_seconds{${IN_GROUPS}})`,
        }),
        stat({
          title: 'KEK left',
          description: 'As GM. Old releases show none.',
          width: 3,
          unit: 's',
          steps: KEK_LIFE,
          empty: 'not shown',
          expr: `min(gdoi_gm_kek_expiry_timestamp_seconds{${IN_GROUPS}}) - time()`,
        }),
        stat({
          title: 'KEK rekey overdue',
          description: 'The KEK has less life left than the lead with which the KS rekeys, and is still the old one.',
          width: 3,
          unit: 'none',
          mappings: states([0, 'no', 'green'], [1, 'overdue', 'red']),
          empty: 'not known',
          expr: `max(gdoi_gm_kek_rekey_overdue{${IN_GROUPS}})`,
        }),
        stat({
          title: 'Unexpected re-registrations',
          description: 'In the time range of the dashboard.',
          width: 3,
          unit: 'short',
          decimals: 0,
          steps: WARN_ABOVE_ZERO,
          empty: 'no GM',
          expr: `round(sum(increase(gdoi_gm_reregistrations_total{${IN_GROUPS},unexpected="true"}[$__range])))`,
        }),
        table({
          title: 'Device',
          description: 'What describes the device.',
          width: 8,
          height: 5,
          labels: ['host', 'role', 'platform', 'version', 'kek_behavior'],
          hidden: ['Value'],
          columns: [
            {
              name: 'Value',
              unit: 'none',
              expr: per('host, role, platform, version, kek_behavior', 'gdoi_device_info', OF_DEVICE),
            },
          ],
        }),
        table({
          title: 'As GM',
          description: 'What describes the GM in each of its groups, and which KS it is registered with.',
          width: 16,
          height: 5,
          labels: [
            'group',
            'identity',
            'address',
            'vrf',
            'gm_version',
            'key_server',
            'rekey_transport',
            'kek_encryption',
          ],
          links: { group: TO_GROUP },
          hidden: ['Value'],
          columns: [
            {
              name: 'Value',
              unit: 'none',
              expr: per(
                'group, identity, address, vrf, gm_version, key_server, rekey_transport, kek_encryption',
                'gdoi_gm_info',
                IN_GROUPS,
              ),
            },
          ],
          empty: 'no GM',
        }),
      ],
    },
    {
      title: 'Countdowns',
      panels: [
        timeSeries({
          title: 'KEK lifetime left',
          description: 'As GM and as KS. A line that runs on below 200 s missed the KEK rekey.',
          width: 12,
          unit: 's',
          steps: KEK_LIFE,
          lines: [
            { expr: group('gdoi_gm_kek_remaining_seconds'), legend: '{{group}}' },
            { expr: group('gdoi_ks_kek_remaining_seconds'), legend: '{{group}}, as KS' },
          ],
          empty: 'not shown by this device',
        }),
        timeSeries({
          title: 'TEK lifetime left',
          description: 'Of the longest-lived TEK, by interface; as KS of the policy.',
          width: 12,
          unit: 's',
          lines: [
            {
              expr: per('group, interface', 'gdoi_gm_tek_remaining_seconds', IN_GROUPS),
              legend: '{{group}} {{interface}}',
            },
            { expr: group('gdoi_ks_tek_remaining_seconds'), legend: '{{group}}, as KS' },
          ],
        }),
        timeSeries({
          title: 'Countdown to re-registration',
          description: "The GM's own countdown. A rekey starts it anew; one that reaches zero is a re-registration.",
          width: 12,
          unit: 's',
          lines: [{ expr: group('gdoi_gm_reregisters_in_seconds'), legend: '{{group}}' }],
          empty: 'not shown by this device',
        }),
        stateTimeline({
          title: 'State as GM',
          description:
            "Registered, and whether it holds the KS's keys, outside a rekey in progress; a gap where it is not known.",
          width: 12,
          mappings: YES_OR_NO,
          lines: [
            { expr: group('gdoi_gm_registered'), legend: '{{group}}: registered' },
            { expr: group('gdoi_gm_kek_matches_ks'), legend: "{{group}}: the KS's KEK" },
            { expr: group('gdoi_gm_tek_matches_ks'), legend: "{{group}}: the KS's TEKs" },
          ],
          empty: 'no GM',
        }),
        table({
          title: 'Certificates',
          description: 'Until the first certificate of each trustpoint ends, where collect: [certificates] is set.',
          width: 24,
          height: 5,
          labels: ['trustpoint'],
          columns: [
            {
              name: 'Left',
              unit: 's',
              steps: CERTIFICATE_LIFE,
              expr: `${per('trustpoint', 'gdoi_certificate_expiry_timestamp_seconds', OF_DEVICE)} - time()`,
            },
          ],
          empty: 'not collected',
        }),
      ],
    },
    {
      title: 'Counters',
      panels: [
        bars({
          title: 'Registrations',
          description: "The device's own counters. Attempts without success: it reaches no KS, or none accepts it.",
          width: 8,
          unit: 'short',
          lines: [
            { expr: counted('group', 'gdoi_gm_registrations_attempted_total'), legend: '{{group}}: attempted' },
            { expr: counted('group', 'gdoi_gm_registrations_succeeded_total'), legend: '{{group}}: succeeded' },
          ],
          empty: 'no GM',
        }),
        bars({
          title: 'Rekeys received and acknowledged',
          description: "The device's own counters. Multicast rekeys are not acknowledged.",
          width: 8,
          unit: 'short',
          lines: [
            { expr: counted('group', 'gdoi_gm_rekeys_received_total'), legend: '{{group}}: received' },
            { expr: counted('group', 'gdoi_gm_rekey_acks_sent_total'), legend: '{{group}}: acknowledged' },
          ],
          empty: 'no GM',
        }),
        timeSeries({
          title: 'Rekeys since registration',
          description: 'Back at zero with each registration.',
          width: 8,
          unit: 'short',
          lines: [{ expr: group('gdoi_gm_rekeys_since_registration'), legend: '{{group}}' }],
          empty: 'no GM',
        }),
        bars({
          title: 'Anti-replay errors',
          description:
            'Packets dropped by time-based anti-replay, and time synchronisation errors; where collect: [replay] is set.',
          width: 12,
          unit: 'short',
          lines: [{ expr: counted('group, kind', 'gdoi_gm_replay_errors_total'), legend: '{{group}}: {{kind}}' }],
          empty: 'not collected',
        }),
        bars({
          title: 'Data-plane errors',
          description: 'Packets dropped in the data plane, by kind; where collect: [dataplane] is set.',
          width: 12,
          unit: 'short',
          lines: [{ expr: counted('group, kind', 'gdoi_gm_dataplane_errors_total'), legend: '{{group}}: {{kind}}' }],
          empty: 'not collected',
        }),
        latest(IN_GROUPS),
      ],
    },
    {
      title: 'As key server',
      panels: [
        timeSeries({
          title: 'Members',
          description: 'Registered GMs, as this KS counts them.',
          width: 8,
          unit: 'short',
          lines: [{ expr: group('gdoi_ks_members'), legend: '{{group}}' }],
          empty: 'no KS',
        }),
        timeSeries({
          title: 'Acknowledgements missed in a row',
          description: 'Of each GM, as this KS counts them; it ejects the GM at three.',
          width: 8,
          unit: 'short',
          steps: [
            { value: null, color: 'green' },
            { value: 3, color: 'red' },
          ],
          lines: [
            {
              expr: per('group, member', 'gdoi_ks_member_rekey_acks_missed', IN_GROUPS),
              legend: '{{group}}: {{member}}',
            },
          ],
          empty: 'no KS of a group with unicast rekeys',
        }),
        stateTimeline({
          title: 'COOP peers alive',
          description: 'As this KS sees its peers.',
          width: 8,
          mappings: YES_OR_NO,
          lines: [{ expr: per('group, peer', 'gdoi_ks_coop_peer_up', IN_GROUPS), legend: '{{group}}: {{peer}}' }],
          empty: 'no COOP peers',
        }),
      ],
    },
    {
      title: 'Polls',
      panels: [
        bars({
          title: 'Polls by result',
          description: 'Of the main source; with SSH and SNMP that is SSH. backoff: not tried, after failures.',
          width: 8,
          unit: 'short',
          lines: [{ expr: counted('result', 'gdoi_polls_total', OF_DEVICE), legend: '{{result}}' }],
        }),
        timeSeries({
          title: 'Poll duration',
          description: 'Of the last poll, whatever its result.',
          width: 8,
          unit: 's',
          lines: [{ expr: whole('gdoi_device_poll_duration_seconds'), legend: 'duration' }],
        }),
        timeSeries({
          title: 'Doubtful answers',
          description:
            'Lines that the parser did not know, and figures of the GM that contradict each other; both should be zero.',
          width: 8,
          unit: 'short',
          lines: [
            { expr: whole('gdoi_unparsed_lines'), legend: 'unknown lines' },
            { expr: group('gdoi_gm_data_problems'), legend: '{{group}}: contradictions' },
          ],
        }),
        stateTimeline({
          title: 'Commands answered',
          description: 'Commands beside show crypto gdoi.',
          width: 8,
          mappings: YES_OR_NO,
          lines: [{ expr: per('collector', 'gdoi_collector_success', OF_DEVICE), legend: '{{collector}}' }],
          empty: 'none asked',
        }),
        bars({
          title: 'Polls beside SSH by result',
          description: 'Of a device that is polled by SSH and by SNMP or RESTCONF.',
          width: 8,
          unit: 'short',
          lines: [
            { expr: counted('result', 'gdoi_snmp_polls_total', OF_DEVICE), legend: 'SNMP: {{result}}' },
            { expr: counted('result', 'gdoi_restconf_polls_total', OF_DEVICE), legend: 'RESTCONF: {{result}}' },
          ],
          empty: 'polled by one of them',
        }),
        stateTimeline({
          title: 'SSH beside SNMP or RESTCONF',
          description: 'SNMP or RESTCONF answers, and shows the same keys and KS as SSH.',
          width: 8,
          mappings: YES_OR_NO,
          lines: [
            { expr: whole('gdoi_snmp_up'), legend: 'SNMP answers' },
            { expr: whole('gdoi_restconf_up'), legend: 'RESTCONF answers' },
            { expr: `1 - ${group('gdoi_gm_sources_disagree')}`, legend: '{{group}}: sources agree' },
          ],
          empty: 'polled by one of them',
        }),
      ],
    },
    { title: 'Alerts', panels: alertPanels('device="$device"') },
  ],
});
