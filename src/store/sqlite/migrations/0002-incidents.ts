/** An incident is replaced as it goes on; the columns to search by are beside its JSON. `ended_ms` NULL: it is open. */
export const incidents = `
CREATE TABLE incidents (
  id         TEXT PRIMARY KEY,
  group_name TEXT NOT NULL,
  cause      TEXT NOT NULL,
  began_ms   REAL NOT NULL,
  ended_ms   REAL,
  incident   TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX incidents_began ON incidents (began_ms);
CREATE INDEX incidents_group ON incidents (group_name, began_ms);
`;
