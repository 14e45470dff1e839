/** Schemas that the OpenAPI document names; every other one is written where it is used. */
import { z } from 'zod';

export const components = z.registry<{ id: string }>();

/**
 * The schema of a document that the core makes. The compiler refuses it if a field is missing in it, is unknown to the
 * document, or is another type there: what a schema does not know would be left out of answers without notice.
 */
export function schemaOf<Document>() {
  return <S extends z.ZodType<Document>>(schema: S & Alike<z.output<S>, Document>): S => schema;
}

/** What a type that differs is held against: the fields, so that the compiler's message names them. */
type Alike<Written, Document> =
  Identical<Plain<Written>, Plain<Document>> extends true ? unknown : readonly ['the document is', Plain<Document>];

type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Whether a field can be written to is no part of a document. */
type Plain<T> = { -readonly [Field in keyof T]: Plain<T[Field]> };

/** ISO 8601 with `Z`. Not checked, because `isoInstant` writes it. */
export const instant = z.string().meta({ format: 'date-time' });

/** The cell of a group, a device or what happened to them. */
export const cellField = z.string().exactOptional().describe('Only if there are cells besides `default`');
