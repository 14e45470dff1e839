/** Sends events to all receivers of `webhooks`. Each has its own queue. */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { type WebhookDestination, type WebhookOptions, WebhookSender, type WebhookStatus } from './webhook-sender.ts';

export interface WebhookPush extends AsyncDisposable {
  /** Returns at once; `status` shows the result. */
  push(events: readonly GdoiEvent[]): void;
  /**
   * Applies other receivers. One that stays, by its name, keeps its queue; one that leaves still gets what waits for
   * it.
   */
  configure(destinations: readonly WebhookDestination[]): Promise<void>;
  status(): readonly WebhookStatus[];
}

/** Time for what is queued when the agent stops, or a receiver leaves the configuration. */
const DRAIN_MS = 2000;

export function createWebhookPush(
  options: WebhookOptions & { readonly destinations: readonly WebhookDestination[] },
): WebhookPush {
  const senders = new Map<string, WebhookSender>();
  const configure = async (destinations: readonly WebhookDestination[]) => {
    const names = new Set(destinations.map(({ name }) => name));
    const gone = [...senders.values()].filter(({ destination }) => !names.has(destination.name));
    for (const { destination } of gone) senders.delete(destination.name);
    for (const destination of destinations) {
      const known = senders.get(destination.name);
      if (known === undefined) senders.set(destination.name, new WebhookSender(destination, options));
      else known.destination = destination;
    }
    await withDeadline(options.clock, DRAIN_MS, (giveUp) => Promise.all(gone.map((sender) => sender.close(giveUp))));
  };
  for (const destination of options.destinations) {
    senders.set(destination.name, new WebhookSender(destination, options));
  }
  return {
    push(events) {
      for (const sender of senders.values()) sender.send(events);
    },
    configure,
    status: () => Array.from(senders.values(), (sender) => sender.status()),
    [Symbol.asyncDispose]: () => configure([]),
  };
}
