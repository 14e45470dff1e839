/** NULL: written by an agent that marked such an event in its evidence alone; one of the older schema runs beside. */
export const plannedEvents = `
ALTER TABLE events ADD COLUMN planned boolean;
`;
