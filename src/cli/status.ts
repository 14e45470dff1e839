/** `gdoiwatch status`: the fleet in a terminal, from a running agent: groups first, then devices that need a look. */
import { Command } from 'commander';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { type AgentClient, agentUrl, createAgentClient } from './agent-client.ts';
import { groupText, isGroupHealth } from './text/group-text.ts';
import { AGENT_TIMEOUT_MS } from './history-flags.ts';
import { configFile, readConfig } from './read-config.ts';
import { readToken, tokenFileFlag } from './secret-file.ts';

interface StatusFlags {
  readonly config: string;
  readonly agent?: string;
  readonly tokenFile?: string;
  readonly group?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Entries of one answer of the agent. */
const PAGE = 1000;
/** Most devices that are listed, unless all are asked for. */
const MAX_DEVICES = 20;

interface Entry {
  readonly status: string;
  readonly summary: string;
  /** Without the name, which is printed before it; absent: the agent is of an older version. */
  readonly statement?: string;
}
type GroupEntry = Entry & { readonly group: string; readonly cell?: string };
type DeviceEntry = Entry & { readonly device: string; readonly host: string };

export function statusCommand(): Command {
  return new Command('status')
    .description('show the fleet as a running agent sees it: all groups, and the devices that need attention')
    .addOption(configFile('ask the agent of this configuration'))
    .option('--agent <url>', 'ask this agent instead')
    .addOption(tokenFileFlag())
    .option('--group <name>', 'show only this group, with its checks')
    .option('--all', 'list every device, those that are ok included')
    .option(
      '--json',
      'print one JSON object: groups and devices as the API returns them, doubts about the configuration, and what is under maintenance',
    )
    .action(async (flags: StatusFlags) => {
      const url = flags.agent ?? agentUrl((await readConfig(flags.config)).config);
      const client = createAgentClient(url, await readToken(flags.tokenFile));
      process.stdout.write(
        await (flags.group === undefined ? fleet(client, flags) : group(client, flags.group, flags)),
      );
    });
}

async function group(client: AgentClient, name: string, { json }: StatusFlags): Promise<string> {
  const answer = await client.get(`/api/v1/groups/${encodeURIComponent(name)}`, AGENT_TIMEOUT_MS);
  if (answer.kind === 'not_found') {
    throw new UserError('device_unknown', `the agent at ${client.url} has seen no group "${name}"`);
  }
  if (answer.kind !== 'document' || !isGroupHealth(answer.document)) throw client.unsuitable(answer);
  if (json === true) return `${JSON.stringify(answer.document)}\n`;
  const nowMs = answer.atMs ?? createSystemClock().wallMs();
  return groupText(answer.document, nowMs, `group ${name}, via agent ${client.url}`);
}

async function fleet(client: AgentClient, { all, json }: StatusFlags): Promise<string> {
  const groups = await everyPage(client, '/api/v1/groups', 'groups', isGroupEntry);
  const devices = await everyPage(client, '/api/v1/devices?sort=status', 'devices', isDeviceEntry);
  const { doubts, planned } = await aboveAll(client);
  if (json === true) return `${JSON.stringify({ groups, devices, doubts, under_maintenance: planned })}\n`;
  const inNeed = all === true ? devices : devices.filter(({ status }) => status !== 'ok');
  const shown = all === true ? inNeed : inNeed.slice(0, MAX_DEVICES);
  const counts = ['critical', 'warning', 'unknown', 'ok'].flatMap((status) => {
    const count = devices.filter((device) => device.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  const lines = [
    `${devices.length} ${devices.length === 1 ? 'device' : 'devices'}: ${counts.join(', ') || 'none'} (agent ${client.url})`,
    ...doubts.map((doubt) => `not as configured: ${doubt}`),
    ...planned.map((window) => `under maintenance: ${window}`),
    '',
    ...rows(
      groups.toSorted(byNeed).map((each) => [each.status.toUpperCase(), nameOf(each), each.statement ?? each.summary]),
    ),
    ...(shown.length === 0 ? [] : ['']),
    ...rows(
      shown.map(({ status, device, host, summary, statement = summary }) => [
        status.toUpperCase(),
        device,
        host,
        statement,
      ]),
    ),
    ...(inNeed.length > shown.length ? [`and ${inNeed.length - shown.length} more: --all`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function nameOf({ group: name, cell }: GroupEntry): string {
  return cell === undefined ? name : `${cell}/${name}`;
}

interface AboveAll {
  readonly doubts: readonly string[];
  readonly planned: readonly string[];
}

/** What the page shows above all views. An agent of an older version has less. */
async function aboveAll(client: AgentClient): Promise<AboveAll> {
  const answer = await client.get('/page/agent', AGENT_TIMEOUT_MS);
  const document: unknown = answer.kind === 'document' ? answer.document : null;
  return {
    doubts: linesOf(document, 'doubts', 'the log of the agent has them'),
    planned: linesOf(document, 'under_maintenance', '/api/v1/maintenance of the agent has them'),
  };
}

function linesOf(document: unknown, name: string, rest: string): readonly string[] {
  const [lines, more] = [name, `more_${name}`].map((key): unknown => Reflect.get(Object(document), key));
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === 'string')) return [];
  return typeof more === 'number' && more > 0 ? [...lines, `and ${more} more: ${rest}`] : lines;
}

const NEED = ['critical', 'warning', 'unknown', 'ok'];

function byNeed(a: Entry, b: Entry): number {
  return NEED.indexOf(a.status) - NEED.indexOf(b.status);
}

async function everyPage<T>(
  client: AgentClient,
  path: string,
  name: string,
  isEntry: (value: unknown) => value is T,
): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const and = path.includes('?') ? '&' : '?';
    const page = `${path}${and}limit=${PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await client.get(page, AGENT_TIMEOUT_MS);
    const document = answer.kind === 'document' ? answer.document : null;
    const entries: unknown = document !== null && typeof document === 'object' ? Reflect.get(document, name) : null;
    if (!Array.isArray(entries) || !entries.every(isEntry)) throw client.unsuitable(answer);
    found.push(...entries);
    const next: unknown = Reflect.get(Object(document), 'next_cursor');
    cursor = typeof next === 'string' ? next : null;
  }
  return found;
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return (
    value !== null && typeof value === 'object' && names.every((name) => typeof Reflect.get(value, name) === 'string')
  );
}

function hasStatement(value: unknown): boolean {
  const statement: unknown = Reflect.get(Object(value), 'statement');
  return statement === undefined || typeof statement === 'string';
}

function isGroupEntry(value: unknown): value is GroupEntry {
  return hasTexts(value, ['group', 'status', 'summary']) && hasStatement(value);
}

function isDeviceEntry(value: unknown): value is DeviceEntry {
  return hasTexts(value, ['device', 'host', 'status', 'summary']) && hasStatement(value);
}

function rows(cells: readonly (readonly string[])[]): readonly string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
