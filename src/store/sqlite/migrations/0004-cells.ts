/** NULL: written when there was only the default cell. States are named by cell and group. */
export const cells = `
ALTER TABLE events ADD COLUMN cell TEXT;
ALTER TABLE incidents ADD COLUMN cell TEXT;
ALTER TABLE event_counts ADD COLUMN cell TEXT;
DROP INDEX event_counts_key;
CREATE UNIQUE INDEX event_counts_key ON event_counts
  (type, ifnull(cell, ''), ifnull(device, ''), ifnull(group_name, ''), ifnull(cause, ''), ifnull(unexpected, -1));
`;
