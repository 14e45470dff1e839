/**
 * A parsed document without this process's secrets. In JSON text a secret can be written in many ways (`\\"`, `\\/`,
 * `\\u00e4`), in the parsed value in only one: so all names, strings and numbers of the value are searched, joined into
 * one text.
 */

/** Between two of them: no secret contains it, though a device may. */
const BETWEEN = '\u0000';

/** The same object if there is no secret in it. `value`: parsed JSON of bounded depth. */
export function redactedDocument(value: unknown, redact: (text: string) => string): unknown {
  const texts = textsIn(value);
  const all = texts.join(BETWEEN);
  const cleaned = redact(all);
  if (cleaned === all) return value;
  const parts = cleaned.split(BETWEEN);
  let taken = 0;
  return rebuilt(value, (text) => {
    const from = taken;
    taken += text.split(BETWEEN).length;
    return parts.slice(from, taken).join(BETWEEN);
  });
}

/** Its names, strings and numbers, in the order in which `rebuilt` takes them. */
function textsIn(document: unknown): readonly string[] {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'number') texts.push(String(value));
    else if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        texts.push(name);
        walk(inner);
      }
    }
  };
  walk(document);
  return texts;
}

function rebuilt(value: unknown, next: (text: string) => string): unknown {
  if (typeof value === 'string') return next(value);
  if (typeof value === 'number') {
    const text = String(value);
    const cleaned = next(text);
    return cleaned === text ? value : cleaned;
  }
  if (Array.isArray(value)) return value.map((each) => rebuilt(each, next));
  if (typeof value !== 'object' || value === null) return value;
  // Own properties, whatever their names: `fromEntries` sets no prototype.
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [next(name), rebuilt(inner, next)]));
}
