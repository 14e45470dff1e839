/** Exit status of monitoring plugins. */
export const PLUGIN_STATUS = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;
