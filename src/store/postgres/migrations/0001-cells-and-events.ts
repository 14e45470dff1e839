/**
 * `epoch` counts the owners of a cell. `tx` and `seq` order events so that a reader can continue: a sequence alone
 * misses late commits. `writer` is the process that wrote an event, by which it recognises what it stored if it lost
 * the answer. `cell_shown` false: written when there was only the default cell. Names and ids sort by their bytes.
 */
export const cellsAndEvents = `
CREATE TABLE agents (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  url        text NOT NULL,
  version    text NOT NULL,
  fenced     boolean NOT NULL DEFAULT false,
  expires_at timestamptz NOT NULL
);
CREATE TABLE cells (
  cell      text COLLATE "C" PRIMARY KEY,
  agent     uuid,
  epoch     bigint NOT NULL DEFAULT 0,
  weight    integer NOT NULL,
  wanted_by uuid
);

CREATE TABLE events (
  id         text COLLATE "C" PRIMARY KEY,
  cell       text COLLATE "C" NOT NULL,
  cell_shown boolean NOT NULL,
  tx         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq        bigint GENERATED ALWAYS AS IDENTITY,
  writer     uuid NOT NULL,
  at_ms      double precision NOT NULL,
  from_ms    double precision NOT NULL,
  to_ms      double precision NOT NULL,
  type       text NOT NULL,
  device     text,
  group_name text,
  cause      text,
  unexpected boolean,
  severity   text NOT NULL,
  summary    text NOT NULL,
  evidence   text NOT NULL, -- JSON array of lines
  action     text NOT NULL
);
CREATE INDEX events_at ON events (at_ms, id);
CREATE INDEX events_device ON events (device, at_ms);
CREATE INDEX events_group ON events (group_name, at_ms);
CREATE INDEX events_type ON events (type, at_ms);
CREATE INDEX events_tail ON events (tx, seq);

CREATE TABLE incidents (
  id         text COLLATE "C" PRIMARY KEY,
  cell       text COLLATE "C" NOT NULL,
  group_name text NOT NULL,
  cause      text NOT NULL,
  began_ms   double precision NOT NULL,
  ended_ms   double precision,
  devices    text[] NOT NULL,
  incident   text NOT NULL -- JSON
);
CREATE INDEX incidents_began ON incidents (began_ms);

CREATE TABLE event_counts (
  type       text NOT NULL,
  cell       text NOT NULL,
  cell_shown boolean NOT NULL,
  device     text,
  group_name text,
  cause      text,
  unexpected boolean,
  count      bigint NOT NULL
);
-- Two rows with NULL in the same place are the same row here; no name in a configuration is empty.
CREATE UNIQUE INDEX event_counts_key ON event_counts
  (type, cell, cell_shown, coalesce(device, ''), coalesce(group_name, ''), coalesce(cause, ''), coalesce(unexpected::int, -1));

CREATE TABLE device_states (
  cell  text COLLATE "C",
  name  text COLLATE "C",
  state text NOT NULL,
  PRIMARY KEY (cell, name)
);
CREATE TABLE fleet_states (
  cell       text COLLATE "C",
  group_name text COLLATE "C",
  state      text NOT NULL,
  PRIMARY KEY (cell, group_name)
);
CREATE TABLE group_member_states (
  cell       text COLLATE "C",
  group_name text COLLATE "C",
  device     text COLLATE "C",
  state      text NOT NULL,
  PRIMARY KEY (cell, group_name, device)
);
`;
