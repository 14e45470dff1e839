/** The example configuration in a real Alertmanager: what mutes what, what is told together, and to whom. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { notificationsOf } from './alertmanager-model.ts';
import { keyOf } from './evaluated-rules.ts';
import { missing, PROMETHEUS_DIRECTORY, run } from './promtool.ts';
import { Receiver, startAlertmanager } from './real-servers.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

type Labels = Readonly<Record<string, string>>;

/** `Name severity key=value ...`, as short as the cases need. */
function alert(text: string): Labels {
  const [alertname = '', severity = '', ...pairs] = text.split(' ');
  return { alertname, severity, ...Object.fromEntries(pairs.map((pair) => pair.split('='))) };
}

interface Case {
  readonly title: string;
  readonly told: readonly string[];
  readonly muted: readonly string[];
}

/** Each in groups and devices of its own: they are all there at once. */
const CASES: readonly Case[] = [
  {
    title: 'an incident is the one message of its group: every symptom is muted by what explains it',
    told: [
      'GdoiIncident critical group=L cause=ks_down',
      'GdoiUnexpectedReregistration warning device=gml9 group=L2',
      // More than one dropped packet a second is a page by itself.
      'GdoiReplayErrors critical device=gml2 group=L',
    ],
    muted: [
      'GdoiExplained info group=L',
      'GdoiKeyServerUnreachable critical redundancy=lost device=ksl group=L',
      'GdoiReregistrationStorm critical group=L unexpected=true',
      'GdoiGmNotRegistered critical device=gml1 group=L',
      'GdoiGmRekeyUnacknowledged critical group=L scope=group',
      'GdoiGmEjected critical member=10.0.0.1 group=L seen_by=key_server',
      'GdoiTekDivergence critical group=L',
      'GdoiCoopSplit critical group=L',
      'GdoiReplayErrors warning device=gml1 group=L',
    ],
  },
  {
    title: 'a page about one cause mutes no ticket about another one',
    told: ['GdoiIncident critical group=R cause=rekeys_refused', 'GdoiIncident warning group=R cause=redundancy_lost'],
    muted: [],
  },
  {
    title: 'one KS that serves several groups, and dies',
    told: ['GdoiIncident critical group=S1 cause=no_primary', 'GdoiIncident critical group=S2 cause=no_primary'],
    muted: [],
  },
  {
    title: 'GMs of one group, each for another reason',
    told: [
      'GdoiIncident critical group=T cause=ejected',
      'GdoiIncident critical group=T cause=without_tek',
      'GdoiIncident critical group=T2 cause=ejected',
    ],
    muted: [],
  },
  {
    title: 'after an incident its traces are muted, and what is not explained any more starts no page',
    told: [],
    muted: ['GdoiExplained info group=M', 'GdoiReregistrationStorm critical group=M unexpected=true'],
  },
  {
    title: 'a GM that does not answer is told with its group, not by itself; one that nothing explains is',
    told: ['GdoiIncident warning group=N cause=gms_unreachable', 'GdoiDeviceUnreachable warning device=gmn2'],
    muted: ['GdoiExplained info device=gmn1 scope=device', 'GdoiDeviceUnreachable warning device=gmn1'],
  },
  {
    title: 'planned work mutes what happens to its device or its group, and nothing else',
    told: [
      'GdoiUnexpectedReregistration warning device=gmp2 group=P cause=unknown',
      'GdoiIncident warning group=P cause=path_loss',
      'GdoiHostKeyChanged critical device=gmp1',
    ],
    muted: [
      'GdoiMaintenance info device=gmp1',
      'GdoiUnexpectedReregistration warning device=gmp1 group=P cause=unknown',
      'GdoiDeviceUnreachable warning device=gmp1',
      'GdoiMaintenance info group=Q',
      'GdoiIncident critical group=Q cause=ks_down',
      'GdoiGmNotRegistered critical device=gmq1 group=Q',
    ],
  },
  {
    title: 'an incident that got worse is told as it is now',
    told: ['GdoiIncident critical group=O cause=path_loss'],
    muted: ['GdoiIncident warning group=O cause=path_loss'],
  },
  {
    title: 'the last KS of a group mutes what its GMs suffer, in that group only',
    told: [
      'GdoiKeyServerUnreachable critical redundancy=lost device=ks1 group=A',
      'GdoiUnexpectedReregistration warning device=gm2 group=A2 cause=unknown',
    ],
    muted: [
      'GdoiUnexpectedReregistration warning device=gm1 group=A cause=unknown',
      'GdoiReregistrationStorm critical group=A unexpected=true',
      'GdoiGmNotRegistered critical device=gm1 group=A',
    ],
  },
  {
    title: 'one KS of several mutes the failover to another one and the peer it is for, but no lost rekey',
    told: [
      'GdoiKeyServerUnreachable critical redundancy=left device=ksb group=B',
      'GdoiUnexpectedReregistration warning device=gmb1 group=B cause=kek_missed_rekey',
    ],
    muted: [
      'GdoiUnexpectedReregistration warning device=gmb2 group=B cause=ks_failover',
      'GdoiCoopPeerDown warning device=ksb2 group=B peer=10.1.1.1',
    ],
  },
  {
    title: 'a device that does not answer mutes its own state, not that of others',
    told: ['GdoiDeviceUnreachable warning device=gmc1', 'GdoiGmNotRegistered critical device=gmc2 group=C'],
    muted: ['GdoiGmNotRegistered critical device=gmc1 group=C', 'GdoiGmWithoutKek critical device=gmc1 group=C'],
  },
  {
    title: 'a storm mutes the single ones of its group',
    told: ['GdoiReregistrationStorm critical group=D unexpected=true'],
    muted: [
      'GdoiUnexpectedReregistration warning device=gmd1 group=D cause=kek_missed_rekey',
      'GdoiKekRekeyOverdue warning device=gmd2 group=D',
    ],
  },
  {
    title: 'a storm that is only for information mutes nothing',
    told: [
      'GdoiReregistrationStorm info group=E unexpected=false',
      'GdoiUnexpectedReregistration warning device=gme1 group=E cause=tek_expired',
    ],
    muted: [],
  },
  {
    title: 'an old KS mutes what it causes, but no lost rekey',
    told: [
      'GdoiLegacyKeyServer warning group=F',
      'GdoiUnexpectedReregistration warning device=gmf2 group=F cause=kek_missed_rekey',
    ],
    muted: [
      'GdoiUnexpectedReregistration warning device=gmf1 group=F cause=legacy_ks',
      'GdoiKekRekeyOverdue warning device=gmf1 group=F',
      'GdoiMixedVersions warning group=F',
    ],
  },
  {
    title: 'two primaries mute the keys and the peers that differ for it',
    told: ['GdoiCoopSplit critical group=G'],
    muted: ['GdoiTekDivergence critical group=G', 'GdoiCoopPeerDown warning device=ksg group=G peer=10.1.1.2'],
  },
  {
    title: 'rekeys that many did not acknowledge are one finding',
    told: ['GdoiGmRekeyUnacknowledged critical group=H scope=group'],
    muted: [
      'GdoiGmRekeyUnacknowledged warning device=ksh group=H member=10.2.1.1',
      'GdoiGmRekeyUnacknowledged critical device=ksh group=H member=10.2.1.2',
    ],
  },
  {
    title: 'the worse form of an alert mutes the milder one of the same GM only',
    told: [
      'GdoiUnexpectedReregistration critical device=gmi1 group=I cause=unknown',
      'GdoiUnexpectedReregistration warning device=gmi2 group=I cause=unknown',
    ],
    muted: ['GdoiUnexpectedReregistration warning device=gmi1 group=I cause=unknown'],
  },
  {
    title: 'a credential in quarantine is one finding, and what it hides is muted',
    told: ['GdoiAuthenticationFailed critical scope=credential instance=a job=j'],
    muted: [
      'GdoiAuthenticationFailed warning device=gmj1 instance=a job=j',
      'GdoiGmNotRegistered critical device=gmj1 group=J instance=a job=j',
    ],
  },
  {
    title: 'three GMs of a group with the same alert',
    told: [
      'GdoiGmNotRegistered critical device=gmk1 group=K',
      'GdoiGmNotRegistered critical device=gmk2 group=K',
      'GdoiGmNotRegistered critical device=gmk3 group=K',
    ],
    muted: [],
  },
];

test.skipIf(missing('amtool'))('amtool finds nothing in the configuration', async () => {
  const { status, output } = await run('amtool', ['check-config', join(PROMETHEUS_DIRECTORY, 'alertmanager.yml')]);
  expect(output).toContain('SUCCESS');
  expect(status).toBe(0);
});

describe.skipIf(missing('prometheus-alertmanager'))('a real Alertmanager', () => {
  let receiver: Receiver;
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;

  beforeAll(async () => {
    receiver = await Receiver.start();
    alertmanager = await startAlertmanager(receiver.address);
    const api = `http://${alertmanager.address}/api/v2`;
    await vi.waitFor(() => fetch(`${api}/status`), PATIENCE_WITH_PROCESSES);
    const all = CASES.flatMap(({ told, muted }) => [...muted, ...told]).map((text) => ({ labels: alert(text) }));
    const response = await fetch(`${api}/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(all),
    });
    if (!response.ok) throw new Error(await response.text());
    const expected = CASES.flatMap(({ told }) => told).length;
    await vi.waitUntil(() => receiver.told.flatMap(({ alerts }) => alerts).length >= expected, PATIENCE_WITH_PROCESSES);
  });
  afterAll(async () => {
    await alertmanager[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const toldOf = (text: string) =>
    receiver.told.filter(({ alerts }) => alerts.some(({ labels }) => same(labels, alert(text))));

  test.each(CASES.map((one) => [one.title, one] as const))('%s', (_, { told, muted }) => {
    expect(told.filter((text) => toldOf(text).length !== 1)).toEqual([]);
    expect(muted.filter((text) => toldOf(text).length > 0)).toEqual([]);
  });

  test('notifies about a KS once for all its groups, and about GMs once for each group', () => {
    expect(toldOf('GdoiIncident critical group=S1 cause=no_primary')[0]?.alerts).toHaveLength(2);
    expect(toldOf('GdoiIncident critical group=T cause=ejected')[0]?.alerts).toHaveLength(2);
    expect(toldOf('GdoiIncident critical group=T2 cause=ejected')[0]?.alerts).toHaveLength(1);
  });

  test('sends the same notifications as the computed one', () => {
    const all = CASES.flatMap(({ told, muted }) => [...muted, ...told]).map(
      (text) => new Map(Object.entries(alert(text))),
    );
    const messages = notificationsOf([{ atSeconds: 0, firing: all }], 600);
    const computed = messages.flatMap(({ receiver: name, firing }) =>
      name === 'nobody' ? [] : [messageText(name, firing.map(keyOf))],
    );
    const real = receiver.told.map(({ receiver: name, alerts }) =>
      messageText(
        name,
        alerts.map(({ labels }) => keyOf(new Map(Object.entries(labels)))),
      ),
    );
    expect(real.toSorted()).toEqual(computed.toSorted());
  });

  test('sends the alerts about the GMs of a group together', () => {
    expect(toldOf('GdoiGmNotRegistered critical device=gmk1 group=K')[0]?.alerts).toHaveLength(3);
  });

  test.each([
    ['page', 'GdoiCoopSplit critical group=G'],
    ['page', 'GdoiIncident critical group=L cause=ks_down'],
    ['ticket', 'GdoiIncident warning group=N cause=gms_unreachable'],
    ['ticket', 'GdoiLegacyKeyServer warning group=F'],
    ['log', 'GdoiReregistrationStorm info group=E unexpected=false'],
  ])('%s gets its severity', (name, text) => {
    expect(toldOf(text)[0]?.receiver).toBe(name);
  });
});

function messageText(to: string, alerts: readonly string[]): string {
  return `${to}: ${alerts.toSorted().join(' ')}`;
}

function same(a: Labels, b: Labels): boolean {
  return (
    Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value)
  );
}

test('nothing is notified again because Alertmanager forgot that it had notified: the default retention is 120 h', async () => {
  const text = await readFile(join(PROMETHEUS_DIRECTORY, 'alertmanager.yml'), 'utf8');
  const hours = [...text.matchAll(/repeat_interval: (?<hours>\d+)h$/gmu)].map(({ groups }) =>
    Number(groups?.['hours']),
  );
  expect(hours.length).toBe([...text.matchAll(/repeat_interval:/gu)].length);
  expect(hours.length).toBeGreaterThan(0);
  expect(Math.max(...hours)).toBeLessThan(120);
});
