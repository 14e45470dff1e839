/** From a simulated router to the pager: the demo, a real Prometheus with the rules, a real Alertmanager. */
import { describe, expect, test, vi } from 'vitest';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import { prometheusMissing } from '../e2e/prometheus.ts';
import { missing } from './promtool.ts';
import { Receiver, startAlertmanager, startPrometheus } from './real-servers.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

describe.skipIf(prometheusMissing() || missing('prometheus-alertmanager'))('an incident of the demo', () => {
  test('reaches the ticket system as one alert with its cause, and no pager', async () => {
    await using receiver = await Receiver.start();
    await using alertmanager = await startAlertmanager(receiver.address);
    // Every GM re-registers 10 to 160 s after the start: within 8 s at this speed.
    await using demo = new Gdoiwatch(['demo', '--scenario', 'legacy-ks', '--speed', '20', '--listen', '127.0.0.1:0']);
    const [, url = ''] = await demo.printed(/gdoiwatch demo is running: (\S+)/);
    await using _prometheus = await startPrometheus(new URL(url).host, alertmanager.address);
    const told = (name: string, alertname: string) =>
      receiver.told
        .filter((message) => message.receiver === name)
        .flatMap(({ alerts }) => alerts)
        .find(({ labels }) => labels['alertname'] === alertname);
    const incident = await vi.waitUntil(() => told('ticket', 'GdoiIncident'), PATIENCE_WITH_PROCESSES);
    expect(incident.labels).toMatchObject({ group: 'G1', cause: 'legacy_ks', severity: 'warning' });
    expect(incident.annotations['description']).toMatch(
      /^Group G1, as seen at 20[-0-9]+ [:0-9]+ \+0000 UTC: an old KS .* \(legacy_ks\); 5 devices \(ks1, gm1, gm2 and 2 more\), /,
    );
    expect(incident.annotations['description']).toMatch(/\. First step: .+[.?] Evidence: /);
    expect(incident.annotations['runbook_url']).toMatch(/GdoiIncident[.]md$/);
    // Nothing has to be done tonight: the storm of its re-registrations wakes nobody.
    expect(receiver.told.filter((message) => message.receiver === 'page')).toEqual([]);
  });
});
