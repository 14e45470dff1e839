/**
 * Leases in SQL. All times are the database's. A takeover locks the agent's row before it takes its cells, and the
 * fenced write (`commit-sql.ts`) holds the cell's row: whichever comes second sees what the first did.
 */

/** The server's clock in ms since 1970. */
export const NOW_MS = 'extract(epoch FROM clock_timestamp())::float8 * 1000';

/** `$5` in milliseconds. */
export const JOIN = `
INSERT INTO agents (id, name, url, version, process, expires_at)
VALUES ($1, $2, $3, $4, $6, clock_timestamp() + $5 * interval '1 millisecond')`;

/** No row: fenced, for ever; or an older renewal that arrived late, changes nothing, and is not awaited. */
export const RENEW = `
WITH renewed AS (
  UPDATE agents SET expires_at = clock_timestamp() + $2 * interval '1 millisecond', alone_ms = $3, renewal = $4
  WHERE id = $1 AND NOT fenced AND renewal < $4 RETURNING 1
)
SELECT (SELECT count(*)::int FROM agents WHERE NOT fenced AND id <> $1) AS others, ${NOW_MS} AS now_ms FROM renewed`;

/** Does not wait for a row that another agent holds: announcing a weight one round later costs nothing. */
export const ANNOUNCE = `
WITH told AS MATERIALIZED (SELECT cell, weight FROM json_to_recordset($1::json) AS c(cell text, weight integer)),
differing AS MATERIALIZED (
  SELECT known.cell, told.weight FROM cells AS known JOIN told ON told.cell = known.cell
  WHERE known.weight <> told.weight ORDER BY known.cell FOR UPDATE OF known SKIP LOCKED
),
by AS (UPDATE agents SET inventory = $3 WHERE id = $2 AND inventory <> $3),
weighed AS (UPDATE cells SET weight = differing.weight FROM differing WHERE cells.cell = differing.cell)
INSERT INTO cells (cell, weight)
SELECT cell, weight FROM told WHERE NOT EXISTS (SELECT FROM cells WHERE cells.cell = told.cell) ORDER BY cell
ON CONFLICT (cell) DO NOTHING`;

export const SELECT_AGENTS = `
SELECT id, name, url, version, process, inventory, extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS left_ms
FROM agents WHERE NOT fenced ORDER BY id`;
export const SELECT_CELLS = 'SELECT cell, agent, epoch, weight, wanted_by FROM cells ORDER BY cell';

/**
 * Also frees cells of agents that are gone without a trace. An agent that may be alone polls on without the database
 * for that time: it does not know who has joined since.
 */
export const FENCE_DEAD = `
WITH lapsed AS (
  SELECT id FROM agents
  WHERE expires_at + alone_ms * interval '1 millisecond' < clock_timestamp() AND NOT fenced
  ORDER BY id FOR UPDATE SKIP LOCKED
),
fenced AS (UPDATE agents SET fenced = true FROM lapsed WHERE agents.id = lapsed.id RETURNING agents.id)
UPDATE cells SET agent = NULL, epoch = epoch + 1
WHERE cell IN (
  SELECT cell FROM cells WHERE agent IN (SELECT id FROM fenced)
    OR agent IS NOT NULL AND NOT EXISTS (SELECT FROM agents WHERE agents.id = cells.agent AND NOT fenced)
  ORDER BY cell FOR UPDATE)
RETURNING cell`;

/** A fenced agent takes nothing. The agent's row is locked, so that nobody fences it meanwhile. */
export const TAKE = `
WITH me AS MATERIALIZED (SELECT id FROM agents WHERE id = $1 AND NOT fenced FOR SHARE),
free AS MATERIALIZED (
  SELECT cell FROM cells WHERE agent IS NULL AND cell = ANY($2::text[]) ORDER BY cell FOR UPDATE SKIP LOCKED
)
UPDATE cells SET agent = me.id, epoch = epoch + 1, wanted_by = NULL
FROM me, free WHERE cells.cell = free.cell RETURNING cells.cell, cells.epoch`;

export const WANT = `
UPDATE cells SET wanted_by = $1
WHERE cell = $2 AND agent <> $1 AND EXISTS (SELECT FROM agents WHERE id = $1 AND NOT fenced)`;

export const RELEASE = `
UPDATE cells SET wanted_by = NULL, epoch = epoch + 1, agent = (
  SELECT id FROM agents WHERE id = cells.wanted_by AND NOT fenced AND expires_at > clock_timestamp())
WHERE cell IN (SELECT cell FROM cells WHERE cell = ANY($2::text[]) AND agent = $1 ORDER BY cell FOR UPDATE)`;

/**
 * One statement: a connection that dies between two would hold the rows, including those of all agents, until TCP gives
 * up. A cell that the agent takes at this moment is freed like those of dead agents.
 */
export const LEAVE = `
WITH gone AS (UPDATE agents SET fenced = true WHERE id = $1 RETURNING id)
UPDATE cells SET agent = NULL, epoch = epoch + 1
WHERE cell IN (SELECT cell FROM cells WHERE agent IN (SELECT id FROM gone) ORDER BY cell FOR UPDATE)`;

/** For agents that are gone: nobody else could ask for the cell. */
export const UNWANT = `
UPDATE cells SET wanted_by = NULL WHERE cell IN (
  SELECT cell FROM cells
  WHERE wanted_by IS NOT NULL AND NOT EXISTS (SELECT FROM agents WHERE agents.id = cells.wanted_by AND NOT fenced)
  ORDER BY cell FOR UPDATE SKIP LOCKED)`;

/** Agents that were fenced a day ago are of no further use. */
export const FORGET_FENCED = `DELETE FROM agents WHERE fenced AND expires_at < clock_timestamp() - interval '1 day'`;
