/** Reads states; `$1` null: all cells. */
const OF_CELLS = 'WHERE $1::text[] IS NULL OR cell = ANY($1::text[])';

export const SELECT_DEVICE_STATES = `SELECT name, state FROM device_states ${OF_CELLS}`;
export const SELECT_FLEET_STATES = `SELECT cell, group_name, state FROM fleet_states ${OF_CELLS}`;
export const SELECT_MEMBER_STATES = `SELECT cell, group_name, device, state FROM group_member_states ${OF_CELLS}`;
