/** Why the system refused a file or directory, in words for errors that users meet. */
import { codeOf } from './error-code.ts';

const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    ENOENT: 'no such file',
    ENOTDIR: 'no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left on its file system',
    EISDIR: 'it is a directory',
    NO_REGULAR_FILE: 'it is a pipe, a socket or a device, not a regular file',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the name is too long',
  }),
);

/** `code` such as `ENOENT`; otherwise the code itself. */
export function reasonOfCode(code: string): string {
  return REASONS.get(code) ?? code;
}

/** Otherwise the system's message. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return REASONS.get(codeOf(error)) ?? error.message;
}
