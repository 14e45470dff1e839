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
        help: '1 if the latest request was accepted, or none was needed yet; otherwise 0.',
      },
      each(({ failing }) => Number(!failing)),
    ) +
    renderFamily(
      { name: 'gdoi_webhook_events_delivered_total', type: 'counter', help: 'Events that a webhook accepted.' },
      each(({ delivered }) => delivered),
    ) +
    renderFamily(
      {
        name: 'gdoi_webhook_requests_failed_total',
        type: 'counter',
        help: 'Failed requests: no connection, no answer in time, or an answer that is not 2xx.',
      },
      each(({ failed }) => failed),
    ) +
    renderFamily(
      { name: 'gdoi_webhook_events_queued', type: 'gauge', help: 'Events waiting to be sent.' },
      each(({ queued }) => queued),
    ) +
    renderFamily(
      {
        name: 'gdoi_webhook_events_dropped_total',
        type: 'counter',
        help: 'Events that were not sent or not accepted. overflow: too many were waiting; refused: by the receiver.',
      },
      webhooks.flatMap(({ name, dropped }) =>
        Object.entries(dropped).map(([reason, count]): readonly [Labels, number] => [{ webhook: name, reason }, count]),
      ),
    )
  );
}
