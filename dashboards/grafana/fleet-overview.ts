/** Fleet overview: who is at risk now, what comes next, what happened and why. The first place on-call looks at. */
import { alertMarks, alertPanels } from './alerts.ts';
import { incidentPanels } from './incidents.ts';
import { compose } from './compose.ts';
import { TO_DEVICE, TO_GROUP, TO_RUNBOOK, UIDS } from './links.ts';
import {
  BAD_ABOVE_ZERO,
  CERTIFICATE_LIFE,
  GOOD_FROM_ONE,
  KEK_LIFE,
  NEUTRAL,
  stat,
  states,
  table,
  timeSeries,
  WARN_ABOVE_ZERO,
} from './panels.ts';
import { countOf, IN_JOB, per } from './query.ts';
import { byCause, countsByCause, latest, marks } from './reregistrations.ts';
import { agentUrl, chooseMany, datasource, job, valuesOf } from './variables.ts';

const IN_GROUPS = `${IN_JOB},group=~"$group"`;
const MOST_ROWS = 20;

/** A GM of the chosen groups, or what a KS of theirs says of one. */
const gm = (metric: string) => per('device, group', metric, IN_GROUPS);
const member = (metric: string) => per('group, member', metric, IN_GROUPS);
const group = (metric: string) => per('group', metric, IN_GROUPS);
const device = (metric: string) => per('device', metric, IN_JOB);

/** Why a GM is at risk, and the alert whose runbook says what to do. */
const RISKS: readonly (readonly [reason: string, alertname: string, expr: string])[] = [
  ['not registered', 'GdoiGmNotRegistered', `${gm('gdoi_gm_registered')} == 0`],
  ['KEK rekey overdue', 'GdoiKekRekeyOverdue', `${gm('gdoi_gm_kek_rekey_overdue')} == 1`],
  ["KEK is not the KS's", 'GdoiKekExpiredInUse', `${gm('gdoi_gm_kek_matches_ks')} == 0`],
  ["TEKs are not the KS's", 'GdoiTekDivergence', `${gm('gdoi_gm_tek_matches_ks')} == 0`],
  ['rekeys not acknowledged', 'GdoiGmRekeyUnacknowledged', `${member('gdoi_ks_member_rekey_acks_missed')} >= 1`],
  ['not registered on its KS', 'GdoiGmEjected', `${member('gdoi_ks_member_registered')} == 0`],
];

function withLabel(expr: string, name: string, value: string): string {
  return `label_replace(${expr}, "${name}", "${value}", "", "")`;
}

const ALL_RISKS = RISKS.map(([reason, alertname, expr]) =>
  withLabel(withLabel(expr, 'reason', reason), 'alertname', alertname),
).join('\nor\n');

/** The device's countdown, carried on to now. */
const REREGISTERS_IN = `(${gm('gdoi_gm_reregisters_in_seconds')} - on (device) group_left () (time() - ${device('gdoi_device_last_success_timestamp_seconds')}))`;
const FORECAST = per('device, group, cause', 'gdoi_gm_reregister_forecast', IN_GROUPS);
const REGISTERED = gm('gdoi_gm_registered');
const KEK_LEFT = `(${gm('gdoi_gm_kek_expiry_timestamp_seconds')} - time())`;

export const fleetOverview = compose({
  uid: UIDS.fleet,
  title: 'GETVPN fleet overview',
  description: 'Who is at risk now, what expires next, and why group members re-registered.',
  tags: ['getvpn'],
  from: 'now-6h',
  agentPage: { title: "The agent's page", path: '/' },
  variables: [
    datasource(),
    job(),
    chooseMany('group', 'Group', valuesOf('gdoi_group_members', IN_JOB, 'group')),
    agentUrl(),
  ],
  annotations: [...marks(IN_GROUPS), alertMarks('group=~"$group"')],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'GMs registered',
          description: 'Of the polled GMs in the chosen groups.',
          width: 3,
          unit: 'percentunit',
          steps: GOOD_FROM_ONE,
          expr: `sum(${REGISTERED}) / count(${REGISTERED})`,
        }),
        stat({
          title: 'GMs',
          description: 'Members of the chosen groups: polled, or listed by a polled KS.',
          width: 3,
          unit: 'short',
          expr: `sum(${group('gdoi_group_members')})`,
        }),
        stat({
          title: 'KEK rekeys overdue',
          description:
            'GMs whose KEK has less life left than the lead with which the KS rekeys, and is still the old one: a re-registration is near.',
          width: 3,
          unit: 'short',
          steps: WARN_ABOVE_ZERO,
          expr: countOf(`${gm('gdoi_gm_kek_rekey_overdue')} == 1`),
        }),
        stat({
          title: 'Divergent GMs',
          description:
            "GMs that do not hold their group's TEKs, outside a rekey in progress: traffic with them is dropped.",
          width: 3,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          expr: `sum(${group('gdoi_group_divergent_members')})`,
        }),
        stat({
          title: 'Rekeys unacknowledged',
          description: 'GMs that missed at least one acknowledgement; a KS ejects a GM at three.',
          width: 3,
          unit: 'short',
          steps: WARN_ABOVE_ZERO,
          expr: countOf(`${member('gdoi_ks_member_rekey_acks_missed')} >= 1`),
        }),
        stat({
          title: 'Unexpected re-registrations',
          description: 'In the time range of the dashboard.',
          width: 3,
          unit: 'short',
          decimals: 0,
          steps: WARN_ABOVE_ZERO,
          expr: `round(sum(increase(gdoi_group_reregistrations_total{${IN_GROUPS},unexpected="true"}[$__range])))`,
        }),
        stat({
          title: 'Devices silent',
          description: 'Devices of all groups whose last poll got no usable answer.',
          width: 3,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          expr: countOf(`${device('gdoi_device_up')} == 0`),
        }),
        stat({
          title: 'Agents up',
          description: 'Agents that Prometheus reaches.',
          width: 3,
          unit: 'short',
          steps: GOOD_FROM_ONE,
          expr: countOf(`gdoi_build_info{${IN_JOB}}`),
        }),
      ],
    },
    { title: 'Incidents', panels: incidentPanels(IN_GROUPS) },
    {
      title: 'At risk',
      panels: [
        table({
          title: 'At risk now',
          description:
            'A row for each reason. A GM that only its KS tells of is named by its address (member). The reason leads to the runbook.',
          width: 8,
          height: 10,
          labels: ['device', 'member', 'group', 'reason'],
          links: { device: TO_DEVICE, group: TO_GROUP, reason: TO_RUNBOOK },
          hidden: ['alertname', 'Value'],
          columns: [{ name: 'Value', unit: 'none', expr: ALL_RISKS }],
          empty: 'nobody',
        }),
        table({
          title: 'Next KEK expiries',
          description: `The ${MOST_ROWS} KEKs with the least life left. Below 200 s the rekey was missed, unless the KS is an old one.`,
          width: 8,
          height: 10,
          labels: ['device', 'group'],
          links: { device: TO_DEVICE, group: TO_GROUP },
          columns: [
            { name: 'KEK left', unit: 's', steps: KEK_LIFE, expr: `sort(bottomk(${MOST_ROWS}, ${KEK_LEFT} > 0))` },
          ],
          empty: 'no GM shows a KEK lifetime',
        }),
        table({
          title: 'Next re-registrations',
          description:
            "The devices' own countdowns, carried on to now, with the key that drives them where that is clear. A rekey that arrives starts them anew.",
          width: 8,
          height: 10,
          labels: ['device', 'group', 'cause'],
          links: { device: TO_DEVICE, group: TO_GROUP },
          columns: [
            {
              name: 'Re-registers in',
              unit: 's',
              steps: [
                { value: null, color: 'red' },
                { value: 60, color: 'orange' },
                { value: 300, color: 'green' },
              ],
              expr: `sort(bottomk(${MOST_ROWS}, ${REREGISTERS_IN} * on (device, group) group_left (cause) ${FORECAST} or on (device, group) ${REREGISTERS_IN}))`,
            },
          ],
          empty: 'no GM shows a countdown',
        }),
      ],
    },
    { title: 'Alerts', panels: alertPanels('group=~"$group"', 'group=""') },
    {
      title: 'Re-registrations',
      panels: [byCause(IN_GROUPS), countsByCause(IN_GROUPS), latest(IN_GROUPS)],
    },
    {
      title: 'Groups',
      panels: [
        table({
          title: 'Groups',
          description:
            'A row for each group. Mixed versions: GMs with the KEK timer can register with a KS that rekeys only at expiry. Not listed: GMs that say they are registered and that no KS lists.',
          width: 24,
          height: 10,
          labels: ['group'],
          links: { group: TO_GROUP },
          columns: [
            { name: 'Members', unit: 'short', expr: group('gdoi_group_members') },
            {
              name: 'Registered',
              unit: 'percentunit',
              steps: GOOD_FROM_ONE,
              expr: `sum by (group) (${REGISTERED}) / count by (group) (${REGISTERED})`,
            },
            { name: 'Divergent', unit: 'short', steps: BAD_ABOVE_ZERO, expr: group('gdoi_group_divergent_members') },
            {
              name: 'Primary KSs',
              unit: 'short',
              steps: [
                { value: null, color: 'green' },
                { value: 2, color: 'red' },
              ],
              expr: group('gdoi_group_primaries'),
            },
            {
              name: 'Mixed versions',
              unit: 'none',
              mappings: states([0, 'no', 'green'], [1, 'yes', 'orange']),
              expr: group('gdoi_group_mixed_versions'),
            },
            { name: 'Not listed', unit: 'short', steps: WARN_ABOVE_ZERO, expr: group('gdoi_group_members_not_listed') },
            { name: 'No device', unit: 'short', steps: NEUTRAL, expr: group('gdoi_group_members_not_polled') },
            { name: 'Least KEK left', unit: 's', steps: KEK_LIFE, expr: `min by (group) (${KEK_LEFT})` },
          ],
        }),
      ],
    },
    {
      title: 'Devices of all groups',
      panels: [
        table({
          title: 'Silent devices',
          description: 'Devices that give no usable answer, and why, also while the agent waits to try again.',
          width: 12,
          labels: ['device', 'reason', 'role', 'host', 'version'],
          links: { device: TO_DEVICE },
          hidden: ['Value'],
          columns: [
            {
              name: 'Value',
              unit: 'none',
              expr: `${per('device, reason', 'gdoi_device_failure', IN_JOB)} * on (device) group_left (role, host, version) ${per('device, role, host, version', 'gdoi_device_info', IN_JOB)}`,
            },
          ],
          empty: 'every device answers',
        }),
        table({
          title: 'Releases',
          description:
            'Devices by role, platform and release. kek_behavior legacy: before IOS 15.2(1)T and IOS XE 3.5S, where a KS rekeys the KEK only at its expiry and a GM has no KEK timer.',
          width: 12,
          labels: ['role', 'platform', 'version', 'kek_behavior'],
          columns: [
            {
              name: 'Devices',
              unit: 'short',
              expr: `count by (role, platform, version, kek_behavior) (${per('device, role, platform, version, kek_behavior', 'gdoi_device_info', IN_JOB)})`,
            },
          ],
        }),
        table({
          title: 'Next certificate expiries',
          description: `The ${MOST_ROWS} trustpoints that end first, where collect: [certificates] is set. Then the next IKE authentication fails.`,
          width: 12,
          labels: ['device', 'trustpoint'],
          links: { device: TO_DEVICE },
          columns: [
            {
              name: 'Left',
              unit: 's',
              steps: CERTIFICATE_LIFE,
              expr: `sort(bottomk(${MOST_ROWS}, ${per('device, trustpoint', 'gdoi_certificate_expiry_timestamp_seconds', IN_JOB)} - time()))`,
            },
          ],
          empty: 'not collected',
        }),
        timeSeries({
          title: 'Devices that answer',
          description: 'Devices whose last poll got a usable answer, and those in the configuration of the agents.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: `sum(${device('gdoi_device_up')})`, legend: 'answer' },
            { expr: `count(${device('gdoi_device_info')})`, legend: 'known' },
          ],
        }),
      ],
    },
  ],
});
