/** Webhooks, per receiver: what it accepted, what was dropped and why, and whether it accepts anything now. */
import type { Labels } from '../label-text.ts';
import { renderFamily } from '../prepared-lines.ts';
import type { WebhookStatus } from './webhook-sender.ts';

export function webhookMetrics(webhooks: readonly WebhookStatus[]): string {
  const each = (value: (status: WebhookStatus) => number) =>
    webhooks.map((status): readonly [Labels, number] => [{ webhook: status.name }, value(status)]);
  return (
    renderFamily(
      {
        name: 'gdoi_webhook_up',
        type: 'gauge',
        help: '1 the latest request was taken, or none was needed yet; 0 not.',
      },
      each(({ failing }) => Number(!failing)),
    ) +
    renderFamily(
      { name: 'gdoi_webhook_events_delivered_total', type: 'counter', help: 'Events that a webhook took.' },
      each(({ delivered }) => delivered),
    ) +
    renderFamily(
      {
        name: 'gdoi_webhook_requests_failed_total',
        type: 'counter',
        help: 'Requests without success: no connection, no answer in time, or an answer that is not 2xx.',
      },
      each(({ failed }) => failed),
    ) +
    renderFamily(
      { name: 'gdoi_webhook_events_queued', type: 'gauge', help: 'Events that wait to be told.' },
      each(({ queued }) => queued),
    ) +
    renderFamily(
      {
        name: 'gdoi_webhook_events_dropped_total',
        type: 'counter',
        help: 'Events that were not told: overflow too many waited, refused by the receiver.',
      },
      webhooks.flatMap(({ name, dropped }) =>
        Object.entries(dropped).map(([reason, count]): readonly [Labels, number] => [{ webhook: name, reason }, count]),
      ),
    )
  );
}
