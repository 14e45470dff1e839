/** What a cell may be called: it stands in labels, documents and rows, and its text is compared as it is. */
import { printable } from './schema-terms.ts';

const MAX_CELL_NAME = 64;

export const isCellName: (value: string) => boolean = printable(MAX_CELL_NAME);
