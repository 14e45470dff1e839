/**
 * `postgres://user@host:port,host:port/database`, as in libpq: of several hosts the writable one is used. An address in
 * brackets is IPv6; `?host=/run/postgresql` names a directory of sockets.
 */
import { hostAndPort, isHost } from './address.ts';

export interface PostgresUrl {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string;
  /** Null: it contains none. */
  readonly password: string | null;
  readonly database: string;
}

const PORT = 5432;
const DEFAULT_USER = 'gdoiwatch';
const MAX_HOSTS = 16;
const MAX_LENGTH = 2048;

/** Null: it is not such a URL. */
export function parsePostgresUrl(text: string): PostgresUrl | null {
  const match =
    /^postgres(?:ql)?:\/\/(?:([^:@/?#\s]{1,256})(?::([^@/?#\s]{0,1024}))?@)?([^/?#@\s]{0,1024})\/([^/?#\s]{1,256})(?:\?host=([^?#&\s]{1,256}))?$/.exec(
      text.length > MAX_LENGTH ? '' : text,
    );
  if (match === null) return null;
  const [, user = DEFAULT_USER, password, authority = '', database, socket] = match.map(decoded);
  if (user === null || database == null || authority === null) return null;
  if (socket !== null && socket !== undefined) {
    return authority === '' && socket.startsWith('/')
      ? { hosts: [{ host: socket, port: PORT }], user, password: password ?? null, database }
      : null;
  }
  const hosts = authority.split(',').map(hostOf);
  if (hosts.length > MAX_HOSTS) return null;
  const known = hosts.flatMap((host) => host ?? []);
  return known.length === hosts.length ? { hosts: known, user, password: password ?? null, database } : null;
}

function hostOf(text: string): { readonly host: string; readonly port: number } | null {
  const { host = '', port = null } = hostAndPort(text) ?? {};
  const known = port ?? PORT;
  return isHost(host) && known >= 1 && known <= 65_535 ? { host, port: known } : null;
}

/** Null: its escapes are wrong. */
function decoded(part: string | undefined): string | null | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
