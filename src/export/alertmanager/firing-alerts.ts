/**
 * From changes to messages. An alert is told once, with the instant at which it ends by itself: nothing has to be told
 * again while it fires, and what a stopped agent left firing ends without it. Those that an event can end before are
 * remembered until then; the end of one that is not firing is not told.
 *
 * When the rule fires too, Prometheus refreshes and ends the same alert: its end counts for Alertmanager even before
 * ours. When our end comes first, Prometheus may call the alert firing once more, until its next scrape.
 */
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import { type AddedLabels, addedLabels, alertKey, alertLabels, postableAlert } from './alert-message.ts';
import type { QueuedAlert } from './alert-queue.ts';
import { type AlertChange, ENDED_BY_EVENTS, PUSHED_RULES } from './alerts-of-event.ts';

/** More than any fleet has overdue at once; the oldest one beyond ends by itself. */
const MAX_REMEMBERED = 20_000;

export class FiringAlerts {
  /** By key, in the order in which they were told. */
  readonly #firing = new Map<string, QueuedAlert>();
  readonly #generatorUrl: () => string;
  #added: AddedLabels = addedLabels({});
  #forgotten = 0;

  constructor(generatorUrl: () => string) {
    this.#generatorUrl = generatorUrl;
  }

  /** What Prometheus adds: labels of the scrape, and external ones. Alerts that fire end with those they began with. */
  addToAll(labels: Readonly<Record<string, string>>): void {
    this.#added = addedLabels(labels);
  }

  /** Alerts that were forgotten while firing: their end is not told. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** What to tell; null: nothing. */
  take(change: AlertChange, nowMs: EpochMs): QueuedAlert | null {
    const { alertname } = change.alert;
    const key = alertKey(change.alert);
    if (change.kind === 'ends') {
      const fired = this.#firing.get(key);
      this.#firing.delete(key);
      if (fired === undefined || fired.uselessAtMs <= nowMs) return null;
      return { ...fired, alert: { ...fired.alert, endsAt: isoInstant(nowMs) } };
    }
    const endsAtMs = nowMs + PUSHED_RULES[alertname].holdMs;
    const alert = postableAlert(alertname, alertLabels(change.alert, this.#added), change.event, {
      nowMs,
      endsAtMs,
      generatorUrl: this.#generatorUrl(),
    });
    const queued = { key, alert, uselessAtMs: endsAtMs };
    if (ENDED_BY_EVENTS.includes(alertname)) this.#remember(queued, nowMs);
    return queued;
  }

  #remember(queued: QueuedAlert, nowMs: EpochMs): void {
    this.#firing.delete(queued.key);
    for (const [key, { uselessAtMs }] of this.#firing) {
      const over = uselessAtMs <= nowMs;
      if (!over && this.#firing.size < MAX_REMEMBERED) break;
      this.#firing.delete(key);
      if (!over) this.#forgotten += 1;
    }
    this.#firing.set(queued.key, queued);
  }
}
