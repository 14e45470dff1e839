/** NULL: written by an agent that marked such an event in its evidence alone. */
export const plannedEvents = `
ALTER TABLE events ADD COLUMN planned INTEGER;
`;
