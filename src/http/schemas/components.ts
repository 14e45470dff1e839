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

/** What a type that differs is held against: the document, so that the compiler's message shows it. */
type Alike<Written, Document> = [Plain<Written>, Plain<Document>] extends [Plain<Document>, Plain<Written>]
  ? unknown
  : readonly ['the document is', Plain<Document>];

/** All fields as required ones, and whether one may be absent as a part of its type. That one is read only is none. */
type Plain<T> = {
  -readonly [Field in keyof T]-?: Pick<T, Field> extends Required<Pick<T, Field>>
    ? Plain<T[Field]>
    : ['may be absent', Plain<T[Field]>];
};

/** ISO 8601 with `Z`. Not checked, because `isoInstant` writes it. */
export const instant = z.string().meta({ format: 'date-time' });

/** The cell of a group, a device or what happened to them. */
export const cellField = z.string().exactOptional().describe('Only if there are cells besides `default`');
