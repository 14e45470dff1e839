/** One group: the keys of all its members side by side, its KSs, and what they say of each GM. */
import { alertMarks, alertPanels } from './alerts.ts';
import { incidentPanels } from './incidents.ts';
import { compose, markAt } from './compose.ts';
import { TO_DEVICE, UIDS } from './links.ts';
import {
  BAD_ABOVE_ZERO,
  bars,
  GOOD_FROM_ONE,
  KEK_LIFE,
  stat,
  states,
  stateTimeline,
  table,
  timeSeries,
  WARN_ABOVE_ZERO,
  YES_OR_NO,
} from './panels.ts';
import { countOf, IN_JOB, per } from './query.ts';
import { byCause, countsByCause, latest, marks } from './reregistrations.ts';
import { agentUrl, chooseOne, datasource, job, valuesOf } from './variables.ts';

const IN_GROUP = `${IN_JOB},group="$group"`;
const device = (metric: string) => per('device', metric, IN_GROUP);
const member = (metric: string) => per('member', metric, IN_GROUP);
const whole = (metric: string) => `max(${metric}{${IN_GROUP}})`;

/** COOP role as a number, so that a timeline can show it. */
const ROLE_OF_KS = ['none', 'secondary', 'primary']
  .map((role, index) => `${per('device', 'gdoi_ks_role', IN_GROUP, `role="${role}"`)} * ${index}`)
  .toReversed()
  .join(' or ');

export const groupDashboard = compose({
  uid: UIDS.group,
  title: 'GETVPN group',
  description: 'Keys of all members of a group, divergence, key servers and COOP, acknowledgements missed.',
  tags: ['getvpn'],
  from: 'now-3h',
  agentPage: { title: "The agent's page", path: '/' },
  variables: [
    datasource(),
    job(),
    chooseOne('group', 'Group', valuesOf('gdoi_group_members', IN_JOB, 'group')),
    agentUrl(),
  ],
  annotations: [
    ...marks(IN_GROUP),
    markAt('Rekeys', `max(${device('gdoi_gm_last_rekey_timestamp_seconds')}) * 1000`, {
      color: 'green',
      title: 'Rekey',
      text: 'The last rekey that any GM received',
    }),
    alertMarks('group="$group"'),
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Members',
          description: 'GMs of the group: polled, or listed by a polled KS.',
          width: 3,
          unit: 'short',
          expr: whole('gdoi_group_members'),
        }),
        stat({
          title: 'GMs registered',
          description: 'Of the polled GMs.',
          width: 3,
          unit: 'percentunit',
          steps: GOOD_FROM_ONE,
          expr: `sum(${device('gdoi_gm_registered')}) / count(${device('gdoi_gm_registered')})`,
        }),
        stat({
          title: 'Divergent',
          description: 'GMs without the TEKs of the group, outside a rekey in progress: traffic with them is dropped.',
          width: 3,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          expr: whole('gdoi_group_divergent_members'),
        }),
        stat({
          title: 'Least KEK left',
          description: 'Of all polled GMs that show a KEK lifetime.',
          width: 3,
          unit: 's',
          steps: KEK_LIFE,
          empty: 'none shown',
          expr: `min(${device('gdoi_gm_kek_expiry_timestamp_seconds')}) - time()`,
        }),
        stat({
          title: 'Primary KSs',
          description: 'Polled KSs that say they are primary; two are a split COOP set.',
          width: 3,
          unit: 'short',
          steps: [
            { value: null, color: 'green' },
            { value: 2, color: 'red' },
          ],
          expr: whole('gdoi_group_primaries'),
        }),
        stat({
          title: 'Mixed versions',
          description:
            'GMs with the KEK timer can register with a KS that rekeys only at expiry: two re-registrations in every KEK cycle.',
          width: 3,
          unit: 'none',
          mappings: states([0, 'no', 'green'], [1, 'yes', 'orange']),
          expr: whole('gdoi_group_mixed_versions'),
        }),
        stat({
          title: 'Matched to no device',
          description: 'GMs that a KS lists under an address that no polled device is known to have.',
          width: 3,
          unit: 'short',
          expr: whole('gdoi_group_members_not_polled'),
        }),
        stat({
          title: 'Not listed',
          description:
            'Polled GMs that say they are registered and that no polled KS lists: ejected, or registered elsewhere.',
          width: 3,
          unit: 'short',
          steps: WARN_ABOVE_ZERO,
          expr: whole('gdoi_group_members_not_listed'),
        }),
      ],
    },
    { title: 'Incidents', panels: incidentPanels(IN_GROUP) },
    {
      title: 'Keys',
      panels: [
        timeSeries({
          title: 'KEK lifetime left',
          description:
            'Of every GM that shows it, and of the KSs. One saw-tooth for all is good; a GM whose line runs on below 200 s did not get the rekey.',
          width: 12,
          unit: 's',
          steps: KEK_LIFE,
          link: TO_DEVICE,
          lines: [
            { expr: device('gdoi_gm_kek_remaining_seconds'), legend: '{{device}}' },
            { expr: device('gdoi_ks_kek_remaining_seconds'), legend: 'KS {{device}}' },
          ],
        }),
        timeSeries({
          title: 'TEK lifetime left',
          description: 'Of the longest-lived TEK of every GM, and of the policy of the KSs.',
          width: 12,
          unit: 's',
          link: TO_DEVICE,
          lines: [
            { expr: device('gdoi_gm_tek_remaining_seconds'), legend: '{{device}}' },
            { expr: device('gdoi_ks_tek_remaining_seconds'), legend: 'KS {{device}}' },
          ],
        }),
        timeSeries({
          title: 'Countdown to re-registration',
          description: "The GMs' own countdowns. A rekey starts them anew; one that reaches zero is a re-registration.",
          width: 12,
          unit: 's',
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_gm_reregisters_in_seconds'), legend: '{{device}}' }],
          empty: 'no GM shows a countdown',
        }),
        stateTimeline({
          title: 'Registered',
          description: 'What each GM says of itself.',
          width: 12,
          mappings: YES_OR_NO,
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_gm_registered'), legend: '{{device}}' }],
        }),
        stateTimeline({
          title: "Holds the KS's KEK",
          description: 'Outside a rekey in progress; a gap where it is not known.',
          width: 12,
          mappings: YES_OR_NO,
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_gm_kek_matches_ks'), legend: '{{device}}' }],
          empty: 'not known',
        }),
        stateTimeline({
          title: "Holds the KS's TEKs",
          description:
            'Outside a rekey in progress; a gap where it is not known. GMs without them cannot talk to the others.',
          width: 12,
          mappings: YES_OR_NO,
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_gm_tek_matches_ks'), legend: '{{device}}' }],
          empty: 'not known',
        }),
      ],
    },
    { title: 'Re-registrations', panels: [byCause(IN_GROUP), countsByCause(IN_GROUP), latest(IN_GROUP)] },
    {
      title: 'Key servers',
      panels: [
        stateTimeline({
          title: 'COOP role',
          description: 'Of each polled KS. Two primaries at the same time are a split: each makes keys of its own.',
          width: 8,
          mappings: states([2, 'primary', 'green'], [1, 'secondary', 'blue'], [0, 'no redundancy', 'text']),
          link: TO_DEVICE,
          lines: [{ expr: ROLE_OF_KS, legend: '{{device}}' }],
        }),
        stateTimeline({
          title: 'COOP peers alive',
          description: 'As each KS sees its peers.',
          width: 8,
          mappings: YES_OR_NO,
          lines: [{ expr: per('device, peer', 'gdoi_ks_coop_peer_up', IN_GROUP), legend: '{{device}} sees {{peer}}' }],
          empty: 'no COOP peers',
        }),
        timeSeries({
          title: 'Members by KS',
          description: 'Registered GMs as each KS counts them; KSs of one COOP set should agree.',
          width: 8,
          unit: 'short',
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_ks_members'), legend: '{{device}}' }],
        }),
        timeSeries({
          title: 'Time to the next KEK rekey',
          description: 'Of each KS that shows it (show crypto gdoi ks policy).',
          width: 12,
          unit: 's',
          link: TO_DEVICE,
          lines: [{ expr: device('gdoi_ks_kek_time_to_rekey_seconds'), legend: '{{device}}' }],
          empty: 'no KS shows it',
        }),
        bars({
          title: 'Rekeys sent',
          description: 'By each KS to its members, retransmissions not counted.',
          width: 12,
          unit: 'short',
          lines: [
            {
              expr: `sum by (device) (increase(gdoi_ks_rekeys_sent_total{${IN_GROUP}}[$__rate_interval]))`,
              legend: '{{device}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Members, as the KSs see them',
      panels: [
        timeSeries({
          title: 'Acknowledgements missed in a row',
          description: 'Of each GM, the most that any KS counts. The KS ejects the GM at three.',
          width: 12,
          unit: 'short',
          steps: [
            { value: null, color: 'green' },
            { value: 3, color: 'red' },
          ],
          lines: [{ expr: member('gdoi_ks_member_rekey_acks_missed'), legend: '{{member}}' }],
          empty: 'no KS lists acknowledgements (multicast rekeys have none)',
        }),
        table({
          title: 'Members by address',
          description: 'Every GM that a polled KS lists, polled or not, by its address.',
          width: 12,
          labels: ['member'],
          columns: [
            { name: 'Registered', unit: 'none', mappings: YES_OR_NO, expr: member('gdoi_ks_member_registered') },
            {
              name: 'Acks missed',
              unit: 'short',
              steps: WARN_ABOVE_ZERO,
              expr: member('gdoi_ks_member_rekey_acks_missed'),
            },
            {
              name: 'Rekeys sent in this range',
              unit: 'short',
              expr: `round(max by (member) (increase(gdoi_ks_member_rekeys_sent_total{${IN_GROUP}}[$__range])))`,
            },
          ],
          empty: 'no KS of the group is polled',
        }),
        stat({
          title: 'Members with missed acknowledgements',
          description: 'More than a few at once: look at the KS and what is in front of it, not at the GMs.',
          width: 24,
          unit: 'short',
          steps: WARN_ABOVE_ZERO,
          expr: countOf(`${member('gdoi_ks_member_rekey_acks_missed')} >= 1`),
        }),
      ],
    },
    { title: 'Alerts', panels: alertPanels('group="$group"') },
  ],
});
