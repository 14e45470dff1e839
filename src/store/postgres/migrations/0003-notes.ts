/** An agent of the older schema does not know them, and runs beside. */
export const notes = `
CREATE TABLE notes (
  kind text COLLATE "C",
  name text COLLATE "C",
  text text NOT NULL,
  at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, name)
);
`;
