/** Which device each agent has in which cell, as a digest; empty: of the schema before, and nobody knows. */
export const inventories = `
ALTER TABLE agents ADD COLUMN inventory text NOT NULL DEFAULT '';
`;
