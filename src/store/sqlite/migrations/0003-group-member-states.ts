/**
 * What belongs to one device in one group has a row of its own, so that an answer of one GM does not rewrite what is
 * known of ten thousand. `fleet_states` keeps what belongs to the group; whoever reads a row from before splits it.
 */
export const groupMemberStates = `
CREATE TABLE group_member_states (
  group_name TEXT NOT NULL,
  device     TEXT NOT NULL,
  state      TEXT NOT NULL,
  PRIMARY KEY (group_name, device)
) STRICT;
`;
