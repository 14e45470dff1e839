/**
 * The state of one device in one group has its own row, so that an answer of one GM does not rewrite those of ten
 * thousand. `fleet_states` has the rest of the group's state; an older row is split when it is read.
 */
export const groupMemberStates = `
CREATE TABLE group_member_states (
  group_name TEXT NOT NULL,
  device     TEXT NOT NULL,
  state      TEXT NOT NULL,
  PRIMARY KEY (group_name, device)
) STRICT;
`;
