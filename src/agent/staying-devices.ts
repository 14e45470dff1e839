/**
 * Devices that a reload moves from a cell of this agent into one of another agent, which has not read the new
 * configuration yet: it would not poll them. Until it has, they stay as they were.
 */
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';

/** The cells of a device that moves. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** `given` with those devices as they are polled now; `given` itself if there are none. */
export function withStaying(
  given: ResolvedConfig,
  polled: (name: string) => ResolvedDevice | undefined,
  stays: (move: Move) => boolean,
): ResolvedConfig {
  const devices = given.devices.map((device) => {
    const here = polled(device.name);
    if (here === undefined) return device;
    const move = { from: here.cell ?? DEFAULT_CELL, to: device.cell ?? DEFAULT_CELL };
    return move.from !== move.to && stays(move) ? here : device;
  });
  return devices.every((device, index) => device === given.devices[index]) ? given : { ...given, devices };
}
