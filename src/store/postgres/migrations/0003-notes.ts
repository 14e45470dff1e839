/** An agent of the schema before knows nothing of them, and goes on beside. */
export const notes = `
CREATE TABLE notes (
  kind text COLLATE "C",
  name text COLLATE "C",
  text text NOT NULL,
  at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, name)
);
`;
