/** Digest of which device each agent has in which cell; empty: an agent of the older schema, so unknown. */
export const inventories = `
ALTER TABLE agents ADD COLUMN inventory text NOT NULL DEFAULT '';
`;
