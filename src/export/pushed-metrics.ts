/** Received messages, by listener and by what became of them. Series are bounded: every reason is from a fixed list. */
import type { AgentStatus, ListenerState } from '../model/read-model.ts';
import type { Labels } from './label-text.ts';
import { renderFamily } from './prepared-lines.ts';

type Sample = readonly [labels: Labels, value: number];

export function pushedMetrics(pushed: AgentStatus['pushed'], listeners: readonly ListenerState[]): string {
  return (
    renderFamily(
      {
        name: 'gdoi_messages_total',
        type: 'counter',
        help: 'Syslog messages and traps by what became of them; unknown_device: not from the address or name of a configured device.',
      },
      Object.entries(pushed).flatMap(([kind, results]) =>
        Object.entries(results).map(([result, count]): Sample => [{ kind, result }, count]),
      ),
    ) +
    renderFamily(
      {
        name: 'gdoi_listener_received_total',
        type: 'counter',
        help: 'Messages and datagrams that reached a listener, including dropped ones.',
      },
      listeners.map(({ url, received }): Sample => [{ listener: url }, received]),
    ) +
    renderFamily(
      {
        name: 'gdoi_listener_dropped_total',
        type: 'counter',
        help: 'Messages and datagrams that a listener dropped, by reason; every reason starts at 0.',
      },
      listeners.flatMap(({ url, dropped }) =>
        Object.entries(dropped).map(([reason, count]): Sample => [{ listener: url, reason }, count]),
      ),
    )
  );
}
