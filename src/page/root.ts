/**
 * Where the page stands: a reverse proxy may have it below a prefix (`https://noc.example.net/gdoiwatch/`) that it takes
 * off. The server does not know that; the address that this script came from has it.
 */
const SCRIPT = import.meta.url;
/** The script is one folder below. Begins and ends with a slash. */
const ROOT = new URL('../', SCRIPT).pathname;

/** Address in the browser of what the server has at `path`. */
export function addressOf(path: string): string {
  return `${ROOT}${path.slice(1)}`;
}

/** Path on the server of an address in the browser; null: it is another program's. */
export function pathAt(address: string): string | null {
  return address.startsWith(ROOT) ? address.slice(ROOT.length - 1) : null;
}
