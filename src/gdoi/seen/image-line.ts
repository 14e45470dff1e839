/**
 * The line in which a Cisco device names its running image: in `show version` and, the same, in `sysDescr.0`. It
 * decides the release; the lines of boot loaders and the XE title line have other forms.
 */

export interface ImageLine {
  readonly software: 'ios' | 'ios-xe';
  /** Release as printed: `15.6(3)M2`, `16.9.3`, `03.06.05E`. */
  readonly version: string;
  /** Platform family the image is for, `C3900`, `ISR`, `Catalyst L3 Switch`; null where the line names none. */
  readonly family: string | null;
}

// Cisco IOS Software [Fuji], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 16.9.5, CUST-SPECIAL:V169_5
// IOS (tm) C2600 Software (C2600-IPBASE-M), Version 12.3(26), RELEASE SOFTWARE (fc1)
export const IMAGE_LINE =
  /^(?:Cisco IOS Software\b|IOS \(tm\) )(.{0,160})\([\w.-]{1,80}\), (?:Experimental )?Version ([^\s,]{1,64}),?(?: |$)/;
// Cisco IOS Software [Fuji], / Cisco IOS Software, IOS-XE Software, / (CAT9K_IOSXE) / (X86_64_LINUX_IOSD-...)
const XE_MARK = /IOS[ -]?XE|LINUX_IOSD|^Cisco IOS Software \[/;
// , IOS-XE Software, Catalyst L3 Switch Software / [Fuji], ISR Software / C2600 Software
const FAMILY = /(?:^|, ?)([^,[\]]{1,60}?) +Software *$/;

/** Null: another line. */
export function parseImageLine(line: string): ImageLine | null {
  const match = IMAGE_LINE.exec(line);
  const [, between = '', version] = match ?? [];
  if (version === undefined) return null;
  const family = FAMILY.exec(between)?.[1]?.trim() ?? null;
  return {
    software: XE_MARK.test(line) ? 'ios-xe' : 'ios',
    version,
    family: family === 'IOS-XE' ? null : family,
  };
}
