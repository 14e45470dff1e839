/**
 * `alone_ms`: for so long after its lease an agent may poll on that knew of no other. `renewal` numbers its words, so
 * that none of them undoes a later one. `process`: by which an agent on the same machine can tell that it is gone.
 * `written`: the number of the last batch that was kept of the agent `written_by`.
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
