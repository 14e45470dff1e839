/**
 * Times are REAL: an estimate may lie between two milliseconds. Indexes end with the time, without the id: ids are
 * long, and few events share a time. `event_counts` outlives the events it counts, so that pruning does not lower a
 * Prometheus counter.
 */
export const eventsAndStates = `
CREATE TABLE events (
  id         TEXT PRIMARY KEY,
  at_ms      REAL NOT NULL,
  from_ms    REAL NOT NULL,
  to_ms      REAL NOT NULL,
  type       TEXT NOT NULL,
  device     TEXT,
  group_name TEXT,
  cause      TEXT,
  unexpected INTEGER,
  severity   TEXT NOT NULL,
  summary    TEXT NOT NULL,
  evidence   TEXT NOT NULL, -- JSON array of lines
  action     TEXT NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at_ms);
CREATE INDEX events_device ON events (device, at_ms);
CREATE INDEX events_group ON events (group_name, at_ms);
CREATE INDEX events_type ON events (type, at_ms);
CREATE INDEX events_cause ON events (cause, at_ms) WHERE cause IS NOT NULL;
CREATE INDEX events_unexpected ON events (unexpected, at_ms) WHERE unexpected IS NOT NULL;

CREATE TABLE event_counts (
  type       TEXT NOT NULL,
  device     TEXT,
  group_name TEXT,
  cause      TEXT,
  unexpected INTEGER,
  count      INTEGER NOT NULL
) STRICT;
-- Two rows with NULL in the same place are the same row here; no name in a configuration is empty.
CREATE UNIQUE INDEX event_counts_key ON event_counts
  (type, ifnull(device, ''), ifnull(group_name, ''), ifnull(cause, ''), ifnull(unexpected, -1));

CREATE TABLE device_states (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE fleet_states (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
`;
