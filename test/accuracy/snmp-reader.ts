/** What the simulated fleet's SNMP agents show and send, through the real decoders, but without a socket. */
import type { GdoiTrap } from '../../src/gdoi/seen/gdoi-trap.ts';
import type { ReadAt } from '../../src/gdoi/seen/instant.ts';
import { decodeGdoi, type GdoiReading } from '../../src/mib/decode-gdoi.ts';
import { decodeTrap } from '../../src/mib/decode-trap.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply, type SnmpMemory } from '../../src/mib/snmp-memory.ts';
import type { SimulatedFleet, SimulatedNotification } from '../../src/simulator/fleet/fleet.ts';
import { varbindOf } from '../builders/simulated-varbind.ts';

export class SnmpReader {
  readonly #fleet: SimulatedFleet;
  readonly #memories = new Map<string, SnmpMemory>();

  constructor(fleet: SimulatedFleet) {
    this.#fleet = fleet;
  }

  /** Reads at the current instant of the fleet. */
  read(device: string, at: ReadAt): GdoiReading {
    const { objects } = this.#fleet.managedObjects(device);
    const reply = { ...at, varbinds: objects.map(varbindOf), emptyColumns: [], engine: null };
    const memory = rememberReply(this.#memories.get(device) ?? NOTHING_LEARNT_BY_SNMP, reply);
    this.#memories.set(device, memory);
    return decodeGdoi(reply, memory);
  }
}

export function trapOf({ trapOid, varbinds }: SimulatedNotification): GdoiTrap | null {
  return decodeTrap(trapOid.join('.'), varbinds.map(varbindOf));
}
