/**
 * `alone_ms`: how long after its lease an agent may poll on that knew of no other. `renewal` numbers its renewals, so
 * that none undoes a later one. `process`: by which an agent on the same machine can tell that it is gone. `written`:
 * number of the last batch stored by the agent `written_by`.
 */
export const aloneAndLate = `
ALTER TABLE agents
  ADD COLUMN alone_ms double precision NOT NULL DEFAULT 0,
  ADD COLUMN renewal bigint NOT NULL DEFAULT 0,
  ADD COLUMN process text NOT NULL DEFAULT '';
ALTER TABLE cells
  ADD COLUMN written_by uuid,
  ADD COLUMN written bigint NOT NULL DEFAULT 0;
`;
