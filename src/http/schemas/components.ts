/** Schemas that the OpenAPI document names; every other one is written where it is used. */
import { z } from 'zod';

export const components = z.registry<{ id: string }>();

/** ISO 8601 with `Z`. Not checked, because `isoInstant` writes it. */
export const instant = z.string().meta({ format: 'date-time' });

/** The cell of a group, a device or what happened to them. */
export const cellField = z.string().optional().describe('Only if there are cells besides `default`');
