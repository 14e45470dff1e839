/**
 * The push to Alertmanager, per URL: what it accepted, what was dropped and why, and whether it accepts anything now.
 */
import type { Labels } from '../label-text.ts';
import { renderFamily } from '../prepared-lines.ts';
import type { PushStatus } from './alertmanager-push.ts';
import type { SenderStatus } from './alert-sender.ts';

export function pushMetrics({ alertmanagers, forgotten }: PushStatus): string {
  if (alertmanagers.length === 0) return '';
  const each = (value: (sender: SenderStatus) => number) =>
    alertmanagers.map((sender): readonly [Labels, number] => [{ alertmanager: sender.url }, value(sender)]);
  return (
    renderFamily(
      {
        name: 'gdoi_alertmanager_up',
        type: 'gauge',
        help: '1 if the latest push was accepted, or none was needed yet; otherwise 0.',
      },
      each(({ failing }) => Number(!failing)),
    ) +
    renderFamily(
      { name: 'gdoi_alertmanager_alerts_sent_total', type: 'counter', help: 'Alerts that an Alertmanager accepted.' },
      each(({ sent }) => sent),
    ) +
    renderFamily(
      {
        name: 'gdoi_alertmanager_requests_failed_total',
        type: 'counter',
        help: 'Failed pushes: no connection, no answer in time, or an answer that is not 2xx.',
      },
      each(({ failed }) => failed),
    ) +
    renderFamily(
      { name: 'gdoi_alertmanager_alerts_queued', type: 'gauge', help: 'Alerts waiting to be pushed.' },
      each(({ queued }) => queued),
    ) +
    renderFamily(
      {
        name: 'gdoi_alertmanager_alerts_dropped_total',
        type: 'counter',
        help: 'Alerts that were not pushed. overflow: too many were waiting; expired: it ended before; refused: by Alertmanager.',
      },
      alertmanagers.flatMap(({ url, dropped }) =>
        Object.entries(dropped).map(([reason, count]): readonly [Labels, number] => [
          { alertmanager: url, reason },
          count,
        ]),
      ),
    ) +
    renderFamily(
      {
        name: 'gdoi_alertmanager_alerts_forgotten_total',
        type: 'counter',
        help: 'Firing alerts whose end will not be pushed, because too many fire; they expire by themselves.',
      },
      [[{}, forgotten]],
    )
  );
}
