/** What a device says over SNMP, without this process's secrets: only octet strings can hold text. */
import type { Varbind } from '../gdoi/seen/varbind.ts';
import type { KnownSecrets } from '../kernel/known-secrets.ts';

export function withoutSecrets(varbinds: readonly Varbind[], secrets: KnownSecrets): readonly Varbind[] {
  return varbinds.map((varbind) => {
    const { oid, value } = varbind;
    if (!(value instanceof Uint8Array)) return varbind;
    const cleaned = secrets.redactOctets(value);
    return cleaned === value ? varbind : { oid, value: cleaned };
  });
}
