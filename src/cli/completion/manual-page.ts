/** gdoiwatch(1), from the commands' definitions. */
import type { CommandOutline } from './command-outline.ts';

export function manualPage(version: string, commands: readonly CommandOutline[]): string {
  const lines = [
    `.TH GDOIWATCH 1 "" "gdoiwatch ${version}" "User Commands"`,
    '.SH NAME',
    String.raw`gdoiwatch \- monitoring agent for Cisco GETVPN (GDOI) networks`,
    '.SH SYNOPSIS',
    ...commands.flatMap(({ name, args }) => ['.br', text(`gdoiwatch ${name} [options] ${args}`.trimEnd())]),
    '.SH DESCRIPTION',
    text(
      'Polls group members and key servers over SSH and SNMP, tells why each re-registration happened, and exports what it knows to Prometheus, Alertmanager, a web page and an API.',
    ),
    '.SH COMMANDS',
  ];
  for (const { name, description, args, options } of commands) {
    lines.push(`.SS "${text(`gdoiwatch ${name} ${args}`.trimEnd())}"`, text(`${description}.`));
    for (const { long, short, value, description: what, choices } of options) {
      const flags = `${short === null ? '' : `${short}, `}${long}${value === null ? '' : ` ${value}`}`;
      const allowed = choices.length === 0 ? '' : ` (${choices.join(', ')})`;
      lines.push('.TP', String.raw`\fB${text(flags)}\fR`, text(`${what}${allowed}`));
    }
  }
  lines.push(
    '.SH ENVIRONMENT',
    '.TP',
    String.raw`\fBGDOIWATCH_CONFIG\fR`,
    text('The configuration file, where --config does not name one.'),
    '.TP',
    String.raw`\fBGDOIWATCH_TOKEN\fR`,
    text('Token for the agent, where --token-file does not name one.'),
    '.SH EXIT STATUS',
    text(
      '0: done. 1: the machine is the reason. 2: the input has to change. check: 0 ok, 1 warning, 2 critical, 3 unknown.',
    ),
    '.SH FILES',
    text('/etc/gdoiwatch/gdoiwatch.yml, /var/lib/gdoiwatch'),
  );
  return `${lines.join('\n')}\n`;
}

/** Text escaped for roff: no escape, no request at the start of a line. */
function text(plain: string): string {
  const escaped = plain
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('"', String.raw`\(dq`);
  return escaped.replace(/^([.'])/, String.raw`\&$1`);
}
