/** An object that a simulated device shows, in the agent's words. */
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';
import type { SimulatedNotification } from '../../src/simulator/fleet/fleet.ts';

type Simulated = SimulatedNotification['varbinds'][number];

export function varbindOf({ oid, value }: Simulated): Varbind {
  return { oid: oid.join('.'), value: valueOf(value) };
}

function valueOf(value: Simulated['value']): SnmpValue {
  if (!('value' in value)) return null;
  return value.type === 'oid' ? value.value.join('.') : value.value;
}
