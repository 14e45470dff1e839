/**
 * From changes to messages. An alert is sent once, with the time at which it ends by itself: nothing has to be repeated
 * while it fires, and what a stopped agent left firing ends without it. Alerts that an event can end earlier are
 * remembered until then; the end of an alert that is not firing is not sent.
 *
 * If the rule fires too, Prometheus refreshes and ends the same alert: its end counts for Alertmanager even before
 * ours. If our end comes first, Prometheus may report the alert as firing once more, until its next scrape.
 */
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import { type AddedLabels, addedLabels, alertKey, alertLabels, postableAlert } from './alert-message.ts';
import type { QueuedAlert } from './alert-queue.ts';
import { type AlertChange, ENDED_BY_EVENTS, PUSHED_RULES } from './alerts-of-event.ts';

/** More than any fleet has overdue at once; beyond, the oldest one ends by itself. */
const MAX_REMEMBERED = 20_000;

export class FiringAlerts {
  /** By key, in the order in which they were sent. */
  readonly #firing = new Map<string, QueuedAlert>();
  readonly #generatorUrl: () => string;
  #added: AddedLabels = addedLabels({});
  #forgotten = 0;

  constructor(generatorUrl: () => string) {
    this.#generatorUrl = generatorUrl;
  }

  /**
   * Labels that Prometheus adds: those of the scrape, and external ones. Firing alerts end with the labels they began
   * with.
   */
  addToAll(labels: Readonly<Record<string, string>>): void {
    this.#added = addedLabels(labels);
  }

  /** Alerts that were forgotten while firing: their end is not sent. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** What to send; null: nothing. */
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
