/** All SQL about stored states: two tables of the same shape, and the members of groups. */

export type StateTable = 'device_states' | 'fleet_states';

export const putState = (table: StateTable): string =>
  `INSERT INTO ${table} (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state`;

export const deleteState = (table: StateTable): string => `DELETE FROM ${table} WHERE name = ?`;

export const selectStates = (table: StateTable): string =>
  `SELECT CAST(name AS BLOB), CAST(state AS BLOB) FROM ${table}`;

export const PUT_MEMBER_STATE = `
INSERT INTO group_member_states (group_name, device, state) VALUES (?, ?, ?)
ON CONFLICT (group_name, device) DO UPDATE SET state = excluded.state`;

export const DELETE_MEMBER_STATE = 'DELETE FROM group_member_states WHERE group_name = ? AND device = ?';

export const DELETE_MEMBER_STATES = 'DELETE FROM group_member_states WHERE group_name = ?';

export const SELECT_MEMBER_STATES =
  'SELECT CAST(group_name AS BLOB), CAST(device AS BLOB), CAST(state AS BLOB) FROM group_member_states';
