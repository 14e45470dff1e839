/** Everything said in SQL about stored states: two tables of one shape. */

export type StateTable = 'device_states' | 'fleet_states';

export const putState = (table: StateTable): string =>
  `INSERT INTO ${table} (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state`;

export const deleteState = (table: StateTable): string => `DELETE FROM ${table} WHERE name = ?`;

export const selectStates = (table: StateTable): string =>
  `SELECT CAST(name AS BLOB), CAST(state AS BLOB) FROM ${table}`;
