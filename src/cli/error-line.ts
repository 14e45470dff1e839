import type { UserError } from '../kernel/user-error.ts';

/** As every command ends with, and as what is asked again and again says it in between. */
export function errorLine({ message, code }: UserError): string {
  return `gdoiwatch: ${message} [${code}]\n`;
}
