/**
 * Lines of `show version` that say nothing this program needs: legal text, boot loaders, memory, interfaces, licences.
 * Patterns, not "anything": a line that is new in a release has to be seen.
 */

const KNOWN: readonly RegExp[] = [
  // ---- titles, build, support
  // Technical Support: http://www.cisco.com/techsupport / TAC support: http://www.cisco.com/tac
  /^(?:Technical Support|TAC support): ?\S{1,200}$/i,
  /^Copyright \(c\) .{4,120}$/i,
  // Compiled Mon 19-Nov-18 10:15 by mcpre
  /^Compiled [A-Z][a-z]{2} .{4,60}$/,
  /^Image text-base: ?0x.{1,80}$/i,
  // Version 17.15.20240118:042507 (the title of an experimental image, wrapped)
  /^(?:Experimental )?Version \S{1,80}$/,
  /^IOS XE Version: ?\S{1,40}$/i,
  /^This software is supported for .{1,200}$/,
  // ---- legal text
  /^(?:Cisco IOS-XE software, Copyright|All rights reserved\.|licensed under the GNU|software code licensed|with ABSOLUTELY NO WARRANTY|GPL code under|documentation or "License Notice"|or the applicable URL|software\.$|\(http:\/\/www\.gnu\.org).{0,160}$/i,
  /^(?:This product contains cryptographic|States and local country laws|use\. Delivery of Cisco|third-party authority|Importers, exporters|compliance with U\.S\.|agree to comply|to comply with U\.S\.|A summary of U\.S\. laws|If you require further assistance|export@cisco\.com).{0,120}$/i,
  /^https?:\/\/www\.cisco\.com\/\S{1,200}$/i,
  // NOTICE: ... (banners that some images print, and the simulator)
  /^NOTICE: .{1,160}$/,
  // ---- boot
  /^(?:ROM|BOOTLDR|BOOTROM):.{0,200}$/,
  /^(?:Bridging software|X\.25 software|SuperLAT software|TN3270 Emulation software|Basic Rate ISDN software|Primary Rate ISDN software)\b.{0,120}$/i,
  /^Uptime for this control processor is .{1,120}$/i,
  /^Time since \S{1,64} switched to active is .{1,120}$/i,
  /^(?:System restarted at|System restarted by|System image file is|Running default software|Host configuration file is|Network configuration file is) .{1,200}$/i,
  /^System image file is "[^"]{1,200}",?.{0,80}$/i,
  /^(?:Last reload type|Last reset from|Configuration register is|Installation mode is|Router operating mode|Operating mode|BOOT variable|Reload reason)\b.{0,160}$/i,
  /^(?:The password-recovery mechanism is|Auto-?boot is) .{1,40}$/i,
  /^\(will be 0x.{1,60}$/,
  // ---- hardware
  /^Processor board ID .{1,120}$/i,
  /^.{1,60}\b(?:CPU at|processor: part number).{1,120}$/,
  /^DRAM configuration is .{1,120}$/i,
  // 3 Gigabit Ethernet interfaces / 1 Virtual Private Network (VPN) Module / 2 Channelized (E1 or T1)/PRI ports
  /^\d{1,6} [\w./() +-]{1,80}?(?:interfaces?|interface\(s\)|ports?|port\(s\)|lines?|line\(s\)|modules?|Module\(s\)|channels?|processors?|cards?|engines?|sensors?|radios?)(?: \(.{1,40}\))?\.?$/i,
  // 3912704K bytes of physical memory. / 255K bytes of non-volatile configuration memory.
  /^\d{1,12}[KMG]? bytes of .{0,100}$/i,
  /^Cisco \d{3,5}\w{0,10} .{0,60}(?:chassis|router)\b.{0,60}$/i,
  /^[A-Z][a-z]{2,14} Revision [\w.]{1,12}(?:, [A-Z]\w{1,20} Revision [\w.]{1,20}){0,4}$/,
  // ---- stack members and serial numbers: `Model Number                       : C9300-24UX`
  /^(?:Switch \d{1,2}|Switch uptime ?:.{0,120})$/i,
  /^(?:Base Ethernet MAC Address|Motherboard (?:Assembly|Serial|Revision) Number|Model Revision Number|Model Number|System Serial Number|Power supply (?:part|serial) number|Top Assembly (?:Part|Revision) Number|Version ID|CLEI Code Number|Daughterboard (?:Assembly|Serial|Revision) Number|Hardware Board Revision Number|USB (?:Assembly|Serial|Revision) Number|Last reload reason) ?:.{0,120}$/i,
  // ---- licences
  /^(?:License (?:Info|UDI|Level|Type|Mode|Information)|Next re(?:load|boot) (?:AIR )?(?:addon )?license Level|AIR License Level|Addon License (?:Level|Type)|Smart Licensing Status)\b.{0,120}$/i,
  /^The current (?:crypto )?throughput level is .{1,60}$/i,
  // ---- rules and tables
  /^[-=*]{3,200}$/,
];

/** Under these stands a table, whose rows are names and values of licences, switches or chassis. */
const TABLE_HEADINGS: readonly RegExp[] = [
  /^Technology Package License Information\b.{0,40}:?/i,
  /^Suite License Information for .{1,60}$/i,
  /^License Information for .{1,60}$/i,
  /^(?:Technology|Suite|Current|Device#|Feature name) .{0,100}$/i,
  /^Technology-package Technology-package$/i,
  /^Switch Ports Model SW Version SW Image(?: Mode)?$/i,
];
const DASHES = /^-{3,800}(?: -{3,800}){0,7} ?$/;
/** A table's row: two columns or more of words, or one lower-case word (a suite's feature), with no label in it. */
const ROW =
  /^\*? ?[\w*][\w./*()-]{0,40}(?: (?:Smart License|Subscription Smart License|Permanent Right-To-Use|[\w.][\w./*()-]{0,40})){1,6}$/;
const FEATURE_OF_SUITE = /^[a-z][a-z0-9-]{1,30}$/;
const MAX_ROW_WORDS = 9;
// network-advantage Smart License network-advantage: where tabs stood between the columns
const LICENCE = /\b(?:Smart License|Permanent|RightToUse|EvalRightToUse|Perpetual|None)\b/;

/** Says of each line, in order, whether it is one of those. */
export class KnownVersionLines {
  #inTable = false;

  /** `columns`: the line with runs of blanks as they are printed; `line`: with single ones. */
  knows(line: string, columns: string): boolean {
    if (TABLE_HEADINGS.some((pattern) => pattern.test(line))) {
      this.#inTable = true;
      return true;
    }
    if (DASHES.test(line)) return true;
    if (KNOWN.some((pattern) => pattern.test(line))) {
      this.#inTable = false;
      return true;
    }
    return this.#inTable && isRow(line, columns);
  }
}

function isRow(line: string, columns: string): boolean {
  if (FEATURE_OF_SUITE.test(line)) return true;
  if (!ROW.test(line) || line.split(' ').length > MAX_ROW_WORDS) return false;
  return columns !== line || line.startsWith('*') || LICENCE.test(line);
}
