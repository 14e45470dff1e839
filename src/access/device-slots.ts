/**
 * One slot per device that is read: what is known between two reads, and one read at a time. What is known of a
 * forgotten device goes with its last read, and the end waits for all reads.
 */
import { EitherSignal } from '../kernel/either-signal.ts';
import { untilAborted } from '../kernel/until-aborted.ts';
import { type DeviceError, DeviceFailure } from './device-error.ts';
import { DeviceTurns } from './device-turns.ts';

interface Slot<Known> {
  readonly turns: DeviceTurns;
  readonly known: Known;
  forgotten: boolean;
}

export class DeviceSlots<Known> {
  readonly #slots = new Map<string, Slot<Known>>();
  readonly #stopping = new AbortController();
  readonly #unknown: () => Known;
  readonly #end: (device: string, known: Known) => Promise<void> | void;

  /** `unknown`: what is known of a device at first; `end`: closes what was kept open for it. */
  constructor(unknown: () => Known, end: (device: string, known: Known) => Promise<void> | void) {
    this.#unknown = unknown;
    this.#end = end;
  }

  /** Reads when it is the device's turn. `stop`: `signal`, or the end of all reads. */
  async inTurn<Reply>(
    device: string,
    signal: AbortSignal,
    read: (known: Known, stop: EitherSignal) => Promise<Reply>,
  ): Promise<Reply | { readonly kind: 'failed'; readonly error: DeviceError }> {
    const slot = this.#slotOf(device);
    const stop = new EitherSignal(signal, this.#stopping.signal);
    const turn = slot.turns.take();
    try {
      if (slot.turns.users > 1 || stop.aborted) await untilAborted(turn.before, stop.signal);
      return await read(slot.known, stop);
    } catch (error) {
      if (error instanceof DeviceFailure) return { kind: 'failed', error: error.deviceError };
      if (stop.aborted && error === stop.signal.reason) return { kind: 'failed', error: givenUp(device) };
      throw error;
    } finally {
      stop.unlink();
      turn.done();
      if (slot.forgotten && slot.turns.users === 0) await this.#drop(device, slot);
    }
  }

  async forget(device: string): Promise<void> {
    const slot = this.#slots.get(device);
    if (slot === undefined) return;
    slot.forgotten = true;
    if (slot.turns.users === 0) await this.#drop(device, slot);
  }

  /** What a read learned may have to be stored for other agents, so each read gets its time to end. */
  async close(why: string): Promise<void> {
    this.#stopping.abort(new Error(why));
    await Promise.all([...this.#slots.values()].map(({ turns }) => turns.over()));
    await Promise.all([...this.#slots].map(([device, slot]) => this.#drop(device, slot)));
  }

  #slotOf(device: string): Slot<Known> {
    let slot = this.#slots.get(device);
    if (slot === undefined) {
      slot = { turns: new DeviceTurns(), known: this.#unknown(), forgotten: false };
      this.#slots.set(device, slot);
    }
    return slot;
  }

  async #drop(device: string, slot: Slot<Known>): Promise<void> {
    if (this.#slots.get(device) === slot) this.#slots.delete(device);
    await this.#end(device, slot.known);
  }
}

function givenUp(device: string): DeviceError {
  return { kind: 'closed', operation: 'read', message: `${device}: given up by the agent` };
}
