/** What a cell may be called: it appears in labels, documents and rows, and is compared as text. */
import { printable } from './schema-terms.ts';

const MAX_CELL_NAME = 64;

export const isCellName: (value: string) => boolean = printable(MAX_CELL_NAME);
