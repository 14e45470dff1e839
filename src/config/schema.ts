/**
 * The configuration file: every key, what it takes and its default. Unknown keys are refused everywhere.
 *
 * Each schema's error text is only *what is allowed*, as a noun phrase: `issue-text.ts` puts the value in front
 * (`"soon" is not a duration (30s, 5m) or a cron expression`), and so decides alone whether a value may be shown.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { EVENT_TYPES } from '../gdoi/events/event.ts';
import { parseAddressRange } from './address-range.ts';
import { isPrefix, parseListenAddress, parseListenerAddress } from './address.ts';
import { SNMP_AUTH_PROTOCOLS, SNMP_PRIVACY_PROTOCOLS } from '../access/device-snmp.ts';
import { COLLECTORS, TRANSPORTS } from './resolved-config.ts';
import { isCellName } from './cell-name.ts';
import { restconfCredential, tls } from './restconf-schema.ts';
import { parsePostgresUrl } from './postgres-url.ts';
import { parseSchedule } from './schedule.ts';
import {
  command,
  duration,
  envName,
  host,
  name,
  oneOf,
  parsed,
  path,
  printable,
  printing,
  section,
  text,
  userName,
  wholeNumber,
} from './schema-terms.ts';
import { wanting } from './wanted.ts';
import { parseIsoInstant } from '../kernel/iso-instant.ts';

const SHORTEST_INTERVAL_MS = 1000;
const LONGEST_INTERVAL_MS = 7 * 24 * 3_600_000;

const scheduleText = 'a duration (30s, 5m) or a cron expression';
const scheduleSchema = z.string({ error: () => scheduleText }).transform((value, context) => {
  const result = parseSchedule(value);
  if (result === null) {
    context.issues.push({ code: 'custom', message: scheduleText, input: value });
    return z.NEVER;
  }
  if (result.kind === 'every' && (result.ms < SHORTEST_INTERVAL_MS || result.ms > LONGEST_INTERVAL_MS)) {
    context.issues.push({ code: 'custom', message: 'an interval from 1s to 168h', input: value });
    return z.NEVER;
  }
  return result;
});
const schedule = wanting(scheduleSchema, { kind: 'duration' });

/** With its time zone: a maintenance is often announced to people in several. */
const instant = parsed('an instant in ISO 8601 with its zone (2026-01-31T22:00:00Z)', (value) => {
  return /^.{10}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(value) ? parseIsoInstant(value) : null;
});
const MAX_WINDOWS = 1000;
const MAX_NAMES = 10_000;
const namesOf = (what: string) =>
  z
    .array(text('a name of at most 256 characters', printable(256)), { error: `a list of names of ${what}` })
    .max(MAX_NAMES, { error: `at most ${MAX_NAMES} names` })
    .default([]);
const maintenanceWindow = section({
  from: instant.describe('When it begins'),
  until: instant.describe('When it ends, by itself'),
  devices: namesOf('devices').describe('Devices under maintenance'),
  groups: namesOf('groups').describe('Groups, with all their devices'),
  cells: namesOf('cells').describe('Cells, with all their groups'),
  reason: text('text of at most 200 characters', printable(200)).default('').describe('Shown with each event'),
});

/** RFC 3414, section 5: `usmUserName` has 1 to 32 octets. */
const snmpUserName = text(
  'an SNMPv3 user name of at most 32 octets',
  (value) => printable(32)(value) && Buffer.byteLength(value) <= 32,
);

function url(...schemes: readonly string[]) {
  const allowed = `a URL (${schemes.map((scheme) => `${scheme}://...`).join(' or ')})`;
  return text(
    allowed,
    (value) => printable(2048)(value) && URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)),
  );
}

/** Of a service that is asked: without user and password, which would be logged. */
const webUrl = url('http', 'https').refine(
  (value) => new URL(value).username === '' && new URL(value).password === '',
  { error: 'a URL without user and password' },
);

/** A URL to which paths are added. */
const baseUrl = webUrl
  .refine((value) => new URL(value).search === '' && new URL(value).hash === '', {
    error: 'http:// or https:// with a host and perhaps a path, and no ? or # after it',
  })
  .transform((value) => new URL(value).href.replace(/(?<!\/)\/+$/, ''));

/** Of an agent, whose paths are known. */
const origin = webUrl
  .refine((value) => new URL(value).href === `${new URL(value).origin}/`, {
    error: 'http:// or https:// with a host and a port, and nothing after it',
  })
  .transform((value) => new URL(value).origin);

/** Most services of one kind, and most file patterns. */
const MAX_URLS = 100;

const credentialRef = z.union(
  [name, section({ ssh: name.optional(), snmp: name.optional(), restconf: name.optional() })],
  { error: 'the name of a credential, or { ssh: NAME, snmp: NAME } ({ ssh: NAME, restconf: NAME })' },
);

/** Used by gdoiwatch or Prometheus itself: a configured label of that name would collide in `gdoi_device_info`. */
export const RESERVED_LABELS: readonly string[] = [
  'device',
  'cell',
  'group',
  'host',
  'role',
  'platform',
  'version',
  'kek_behavior',
  'instance',
  'job',
  'le',
  'quantile',
];

/** Labels that some series of a device already have; a test checks that none is missing here. */
export const SERIES_LABELS: readonly string[] = [
  'address',
  'cause',
  'cell',
  'collector',
  'direction',
  'gm_version',
  'identity',
  'interface',
  'kek_encryption',
  'key_server',
  'kind',
  'ks_version',
  'member',
  'path',
  'peer',
  'priority',
  'reason',
  'rekey_transport',
  'result',
  'trustpoint',
  'unexpected',
  'vrf',
];
const MAX_METRIC_LABELS = 8;

const MAX_LABELS = 32;
const labelName = z.string({ error: () => 'a label name' }).regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]{0,63}$/, {
  error: 'a label name (letters, digits and _, not starting with a digit or __)',
});
const ownLabelName = labelName.refine((value) => !RESERVED_LABELS.includes(value), {
  error: `free as a label name: gdoiwatch or Prometheus sets ${RESERVED_LABELS.join(', ')}`,
});
const metricLabel = ownLabelName.refine((value) => !SERIES_LABELS.includes(value), {
  error: `free: series of devices have ${SERIES_LABELS.join(', ')} already`,
});
const labelsNamed = (labelName: z.ZodType<string, string>) =>
  z
    .record(
      labelName,
      text('text of at most 256 characters', (value) => value === '' || printable(256)(value)),
      {
        error: () => 'a mapping of label names to text',
      },
    )
    .refine((value) => Object.keys(value).length <= MAX_LABELS, { error: `at most ${MAX_LABELS} labels` });

const role = oneOf(['gm', 'ks', 'auto']).describe(
  'gm: group member, ks: key server, auto: recognized from what the device shows',
);
const transport = oneOf(TRANSPORTS).describe(
  'How the device is polled; ssh+snmp needs credentials: { ssh: NAME, snmp: NAME }, ssh+restconf likewise. IOS XE shows GDOI over RESTCONF from 17.5.1 on',
);
const collect = z
  .array(oneOf(COLLECTORS), { error: `a list of ${COLLECTORS.join(', ')}` })
  .max(COLLECTORS.length, { error: `${COLLECTORS.join(', ')}, each once at most` })
  .describe(
    'Extra commands per poll: replay (anti-replay counters), dataplane (data-plane error counters), logging (log buffer), certificates (when they expire)',
  );
const interval = schedule.describe('Time between polls (30s, 5m) or a five- or six-field cron expression');
const timeout = duration('100ms', '10m').describe('Limit for connecting, for the login and for each command');
const detailInterval = duration('1s', '168h').describe(
  'Time between the KS detail commands (policy, members, coop), which are heavy on large groups',
);
const phaseAware = z
  .boolean({ error: 'true or false' })
  .describe('Also poll at a few moments around a KEK expiry that show why a GM re-registers');
const hostKeys = oneOf(['strict', 'accept-new']).describe(
  'strict: only keys in known_hosts; accept-new: the key of an unknown device is trusted and remembered',
);
const algorithms = oneOf(['modern', 'legacy']).describe(
  'modern: only current ones; legacy: these first, then those that old IOS needs',
);
const session = oneOf(['persistent', 'per_poll']).describe(
  'persistent: one open session per device; per_poll: log in for each poll',
);
const port = wholeNumber(1, 65_535);
const snmp = section({
  port: port.describe('SNMP port (161)').optional(),
  context: text(
    'an SNMPv3 context name of at most 32 octets',
    (value) => printable(32)(value) && Buffer.byteLength(value) <= 32,
  )
    .describe('SNMPv3 context that holds the objects of the device (snmp-server context). Default: none')
    .optional(),
  any_source: z
    .boolean({ error: 'true or false' })
    .describe(
      'Accept answers from another address than the one that was asked, such as that of a loopback interface or of HSRP; the request ID, and SNMPv3, still protect them',
    )
    .optional(),
  interval: schedule
    .describe(
      'Time between SNMP polls. Default: with transport snmp that of interval; with ssh+snmp, where interval is for SSH, the shorter of it and 30s',
    )
    .optional(),
});
const restconf = section({
  port: port.describe('RESTCONF port (443)').optional(),
  interval: schedule
    .describe('Time between RESTCONF polls. Default: that of interval, which with ssh+restconf is for SSH')
    .optional(),
});
/** TLS of the agent as a client; `whose`: the certificates that it verifies, `asker`: who may ask for one of its own. */
const clientTls = (whose: string, asker: string) =>
  section({
    ca_file: path.optional().describe(`CA certificates for ${whose}. Default: those that the system trusts`),
    cert_file: path.optional().describe(`Certificate of this agent, if ${asker} asks for one`),
    key_file: path.optional().describe('Its private key'),
    server_name: host.optional().describe(`Name that ${whose} must have. Default: the host of the URL`),
  });

const MAX_JUMPS = 4;
const JUMP = { error: `the name of a jump host, or a list of at most ${MAX_JUMPS}, the nearest first` };
const jump = z
  .union([name, z.array(name).max(MAX_JUMPS, JUMP)], JUMP)
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .describe('Entry of jump_hosts to go through: a name, or a list, the nearest first; [] connects directly');
const sourceAddress = text('an IP address of this machine', (value) => isIP(value) !== 0).describe(
  'Address of this machine from which it connects to devices',
);
const MAX_JUMP_HOSTS = 100;
const jumpHosts = z
  .record(
    name,
    section({
      host: host.describe('Address or host name'),
      port: port.default(22).describe('SSH port'),
      credentials: name.default('main').describe('Entry of the section credentials, for SSH'),
      host_keys: hostKeys.optional().describe('As in the section ssh, which is the default'),
      algorithms: algorithms.optional().describe('As in the section ssh, which is the default'),
    }),
    { error: () => 'a mapping of names to hosts' },
  )
  .refine((value) => Object.keys(value).length <= MAX_JUMP_HOSTS, { error: `at most ${MAX_JUMP_HOSTS} jump hosts` })
  .default({})
  .describe(
    'Hosts through which devices are reached over SSH: one connection to each stays open and carries many devices',
  );
const loginsPerSecond = wholeNumber(1, 1000).describe(
  'SSH logins that may begin per second, over all devices: the load on an AAA server',
);
const maxHandshakes = wholeNumber(1, 1024).describe('SSH handshakes at the same time, over all devices');

/** IOS also offers these; why they are refused (net-snmp 3.29: no 3DES; Node 17 and later: no DES). */
const REFUSED_PRIVACY: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    des: 'single DES is broken and not in the OpenSSL of this Node.js',
    '3des': '3DES is not in the SNMP library',
  }),
);
const privacyProtocol = z.enum(SNMP_PRIVACY_PROTOCOLS, {
  error: (issue) => {
    const reason =
      typeof issue.input === 'string' ? REFUSED_PRIVACY.get(issue.input.toLowerCase().replace('-', '')) : undefined;
    return `one of ${SNMP_PRIVACY_PROTOCOLS.join(', ')}${reason === undefined ? '' : ` (${reason})`}`;
  },
});

const credentialSchema = section({
  username: userName.describe('SSH user').optional(),
  password_env: envName.describe('Environment variable with the password').optional(),
  password_file: path.describe('File with the password as its only line').optional(),
  password_command: command
    .describe(
      'Program that prints the password: a list of the program and its arguments, run without a shell, for at most 10 s; run once more when the password was refused',
    )
    .optional(),
  private_key_file: path.describe('Private SSH key in PEM or OpenSSH format, instead of a password').optional(),
  private_key_command: printing('the key'),
  agent: z
    .boolean({ error: 'true or false' })
    .describe('Use the keys of the SSH agent that SSH_AUTH_SOCK names')
    .optional(),
  passphrase_env: envName.describe('Environment variable with the passphrase of the key').optional(),
  passphrase_file: path.describe('File with it').optional(),
  passphrase_command: printing('it'),
  enable_password_env: envName
    .describe('Environment variable with the enable password, if the user needs it')
    .optional(),
  enable_password_file: path.describe('File with it').optional(),
  enable_password_command: printing('it'),
  snmp: z
    .discriminatedUnion(
      'version',
      [
        section({
          version: z.literal('2c'),
          community_env: envName.describe('Environment variable with the community').optional(),
          community_file: path.describe('File with it').optional(),
          community_command: printing('it'),
        }),
        section({
          version: z.literal(3),
          username: snmpUserName.describe('SNMPv3 user'),
          auth: section({
            protocol: oneOf(SNMP_AUTH_PROTOCOLS).describe('Digest; sha is SHA-1'),
            password_env: envName.describe('Environment variable with the auth password').optional(),
            password_file: path.describe('File with it').optional(),
            password_command: printing('it'),
          }).optional(),
          privacy: section({
            protocol: privacyProtocol.describe('aes192 and aes256 use the key extension of Cisco (Reeder)'),
            password_env: envName.describe('Environment variable with the privacy password').optional(),
            password_file: path.describe('File with it').optional(),
            password_command: printing('it'),
          }).optional(),
        }),
      ],
      {
        error: (issue) =>
          issue.code === 'invalid_union'
            ? '2c or 3 (a number, without quotes)'
            : 'a mapping with version: 2c or version: 3',
      },
    )
    .optional(),
  restconf: restconfCredential.optional(),
}).describe(
  'Either SSH (username, password or private key), or SNMP, or RESTCONF; secrets are in a file or an environment variable',
);

const eventType = oneOf(EVENT_TYPES);
const MAX_SOURCE_ADDRESSES = 16;

const CELL = 'the name of a cell: text of at most 64 characters';
const cell = text(CELL, isCellName);

export const deviceEntrySchema = section({
  name: name.describe('Name of the device in metrics, events and the API; unique'),
  host: host.describe('Address or host name'),
  port: port.describe('SSH port (22); SNMP port (161) for transport snmp, RESTCONF port (443) for restconf').optional(),
  source_addresses: z
    .array(
      text('an IP address', (value) => isIP(value) !== 0),
      { error: 'a list of IP addresses' },
    )
    .max(MAX_SOURCE_ADDRESSES, { error: `at most ${MAX_SOURCE_ADDRESSES} addresses` })
    .describe('Other addresses from which the device sends log messages and traps, such as a loopback interface')
    .optional(),
  source_address: sourceAddress.optional(),
  cell: cell
    .describe(
      'Devices that share groups, such as those of one customer. Default: default, or the value of the label cluster.cell_label',
    )
    .optional(),
  role: role.optional(),
  transport: transport.optional(),
  interval: interval.optional(),
  timeout: timeout.optional(),
  detail_interval: detailInterval.optional(),
  credentials: credentialRef.describe('Entry of the section credentials; two for ssh+snmp and ssh+restconf').optional(),
  collect: collect.optional(),
  phase_aware: phaseAware.optional(),
  labels: labelsNamed(ownLabelName).describe('Labels of gdoi_device_info').optional(),
  snmp: snmp.optional(),
  restconf: restconf.optional(),
  tls: tls.optional(),
  ssh: section({
    host_keys: hostKeys.optional(),
    algorithms: algorithms.optional(),
    session: session.optional(),
    jump: jump.optional(),
    max_handshakes: maxHandshakes.optional(),
  })
    .describe('Settings of the section ssh for this device')
    .optional(),
  host_keys: hostKeys.optional().describe('Short for ssh: { host_keys: ... }'),
  algorithms: algorithms.optional().describe('Short for ssh: { algorithms: ... }'),
  session: session.optional().describe('Short for ssh: { session: ... }'),
});

/** What a rule of `match` can set, named as in a device; `jump` is `ssh.jump`. */
export const MATCH_SETTINGS = [
  'credentials',
  'interval',
  'jump',
  'cell',
  'role',
  'transport',
  'timeout',
  'detail_interval',
  'source_address',
  'collect',
  'algorithms',
  'session',
] as const;

const MAX_PATTERNS = 256;
function patterns(what: string) {
  const error = `${what}, or a list of them`;
  const fits = (value: string) => value === '' || printable(256)(value);
  const pattern = z.string({ error: () => error }).refine(fits, { error, abort: true });
  const several = z.array(pattern).refine((list) => list.length > 0 && list.length <= MAX_PATTERNS, { error });
  return z.union([pattern, several], { error }).transform((value) => (Array.isArray(value) ? value : [value]));
}
const MAX_RULES = 1000;
const matchRule = section({
  name: patterns('a pattern of names (gm-*, with * and ?)').describe('Patterns of the name, with * and ?').optional(),
  host: patterns('a prefix, an address or a pattern (10.1.0.0/16, *.example.net)')
    .describe('Prefixes, addresses and patterns of the host, as it is written in the configuration')
    .optional(),
  label: z
    .record(labelName, patterns('a pattern of values (tai*, with * and ?)'), {
      error: () => 'a mapping of label names to patterns',
    })
    .describe('Patterns of label values; all of the labels have to match')
    .optional(),
  credentials: credentialRef.describe('As for a device; so are all keys below').optional(),
  interval: interval.optional(),
  jump: jump.optional(),
  cell: cell.optional(),
  role: role.optional(),
  transport: transport.optional(),
  timeout: timeout.optional(),
  detail_interval: detailInterval.optional(),
  source_address: sourceAddress.optional(),
  collect: collect.optional(),
  algorithms: algorithms.optional(),
  session: session.optional(),
});

const listener = parsed('an address to listen on (udp://127.0.0.1:5514, tcp://...)', parseListenerAddress);
const MAX_RELAYS = 256;
const MAX_LISTENERS = 8;
const LISTENERS = {
  error: `an address to listen on (udp://127.0.0.1:5514, tcp://...) or a list of at most ${MAX_LISTENERS}`,
};

/** As in Prometheus, with `?` beside `*`. */
const filePattern = text(
  'a file pattern that ends in .json, .yml or .yaml, with * and ? in its last part only',
  (value) => printable(4096)(value) && /^(?:[^*?]*\/)?[^/]*\.(?:json|ya?ml)$/i.test(value),
);
const targetUrl = z.union(
  [
    webUrl.transform((value) => ({ url: value, authorization_env: undefined })),
    section({
      url: webUrl,
      authorization_env: envName.optional(),
      authorization_file: path.optional(),
      authorization_command: command.optional(),
    }),
  ],
  { error: 'a URL (http://... or https://...) without user and password, or { url: URL, authorization_file: FILE }' },
);

const MAX_INCLUDED = 1000;

/** Most devices in one file: a bound for everything that grows with them. */
const MAX_DEVICES = 200_000;

export const configSchema = section({
  include: z
    .array(path, { error: 'a list of files' })
    .max(MAX_INCLUDED, { error: `at most ${MAX_INCLUDED} files` })
    .optional()
    .describe(
      'More files of this configuration; paths are relative to the file that names them. Lists such as devices and match are joined, credentials and jump_hosts merged by name; any other section may be in one file only',
    ),
  listen: parsed('an address to listen on (127.0.0.1:9848, [::1]:9848, :9848)', parseListenAddress)
    .prefault('127.0.0.1:9848')
    .describe('Address of the web page, the API and the metrics; :PORT means every IPv4 address'),
  grafana_url: baseUrl
    .optional()
    .describe(
      'URL at which browsers reach a Grafana with the dashboards of dashboards/grafana (https://grafana.example.net): the page then links to the group and the device there. Default: no links',
    ),
  log: section({
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
      .default('info')
      .describe('Lowest level that is logged'),
  }).prefault({}),
  limits: section({
    concurrent_polls: wholeNumber(1, 4096).default(512).describe('Polls at the same time, over all devices'),
  }).prefault({}),
  metrics: section({
    labels: z
      .array(metricLabel, { error: 'a list of label names' })
      .max(MAX_METRIC_LABELS, { error: `at most ${MAX_METRIC_LABELS} labels` })
      .default([])
      .describe(
        'Labels of devices that all their series get, not only gdoi_device_info; each one makes every series longer',
      ),
    ks_members: z
      .boolean({ error: 'true or false' })
      .default(true)
      .describe(
        'gdoi_ks_member_*: three series for each GM and KS. Without them the alerts GdoiGmEjected and GdoiGmRekeyUnacknowledged cannot fire',
      ),
  })
    .prefault({})
    .describe('What /metrics shows'),
  web: section({
    config_file: path.optional().describe('TLS and basic auth, in the format of the Prometheus exporter-toolkit'),
    tokens_file: path
      .optional()
      .describe(
        'Bearer tokens of the API: lines of NAME SCOPE TOKEN; # starts a comment. SCOPE: read, or operate (read, poll now and reload). TOKEN: at least 16 characters, or sha256: and its digest in hex',
      ),
  }).prefault({}),
  store: section({
    sqlite: path.optional().describe('The embedded store, one file (gdoiwatch.db)'),
    postgres: parsed('a URL (postgres://USER@HOST[:PORT][,HOST...]/DATABASE)', parsePostgresUrl)
      .optional()
      .describe(
        'A store that several agents can share: postgres://USER@HOST[:PORT][,HOST...]/DATABASE; of several hosts the writable one is used',
      ),
    password_env: envName.optional().describe('Environment variable with the password of the PostgreSQL user'),
    password_file: path.optional().describe('File with it'),
    tls: clientTls("the server's certificate", 'the server')
      .optional()
      .describe('TLS to PostgreSQL, always verified. Without it the connection is plain'),
    retention: duration('1h', '3650d').prefault('90d').describe('How long events are kept'),
  })
    .refine((value) => value.sqlite === undefined || value.postgres === undefined, {
      error: 'either sqlite or postgres',
    })
    .prefault({})
    .describe('Where events and state are kept'),
  cluster: section({
    cell_label: ownLabelName
      .optional()
      .describe(
        'Label whose value is the cell of a device, such as customer; devices without it are in the cell default',
      ),
    lease: duration('2s', '5m')
      .prefault('20s')
      .describe(
        'With store.postgres: how long after its last renewal of the lease other agents take over from an agent. It renews four times in this time, and stops polling after three quarters of it. Must be the same for all agents',
      ),
    alone: duration('0s', '24h')
      .prefault('1m')
      .describe(
        'With store.postgres: how long after the end of its lease an agent that knows of no other goes on polling without the database. An agent that joins and cannot tell whether the other is gone waits for as long. 0s: it stops as if there were others',
      ),
    url: origin
      .optional()
      .describe(
        'URL at which the other agents reach this one, such as https://agent1.example.net:9848. Default: the address of listen; if that is all addresses, the one from which this machine reaches the database',
      ),
    token_env: envName
      .optional()
      .describe(
        'Environment variable with the token by which agents know each other; each accepts it in addition to the tokens of web. The same for all agents; at least 16 characters',
      ),
    token_file: path.optional().describe('File with it'),
    tls: clientTls("the agents' certificates", 'web')
      .optional()
      .describe('TLS to other agents that serve HTTPS, always verified'),
  })
    .prefault({})
    .describe('Groups are kept apart by cell, so that two customers can each have a group of the same name'),
  record: path.optional().describe('Directory in which every answer is recorded, for replay'),
  defaults: section({
    role: role.default('auto'),
    transport: transport.default('ssh'),
    interval: interval.prefault('60s'),
    timeout: timeout.prefault('15s'),
    detail_interval: detailInterval.prefault('60s'),
    credentials: credentialRef
      .default('main')
      .describe('Entry of the section credentials; two for ssh+snmp and ssh+restconf'),
    snmp: snmp.prefault({}),
    restconf: restconf.prefault({}),
    tls: tls.prefault({}),
    collect: collect.default([]),
    phase_aware: phaseAware.default(true),
    source_address: sourceAddress.optional(),
  })
    .prefault({})
    .describe('Settings of all devices that have none of their own'),
  credentials: z.record(name, credentialSchema, { error: () => 'a mapping of names to credentials' }).default({}),
  ssh: section({
    known_hosts: path.default('known_hosts').describe('File of host keys, in OpenSSH format'),
    host_keys: hostKeys.default('strict'),
    algorithms: algorithms.default('modern'),
    session: session.default('persistent'),
    jump: jump.default([]),
    max_handshakes: maxHandshakes.default(128),
    logins_per_second: loginsPerSecond.default(50),
  }).prefault({}),
  restconf: section({
    known_certificates: path
      .default('known_certificates')
      .describe('File of certificates that were accepted although no CA signed them: lines of HOST:PORT SHA-256'),
  }).prefault({}),
  jump_hosts: jumpHosts,
  devices: z
    .array(deviceEntrySchema, { error: 'a list of devices' })
    .max(MAX_DEVICES, { error: `at most ${MAX_DEVICES} devices` })
    .optional(),
  match: z
    .array(matchRule, { error: 'a list of rules' })
    .max(MAX_RULES, { error: `at most ${MAX_RULES} rules` })
    .default([])
    .describe(
      'Settings for devices, from this file or from targets, whose name, host and labels match. For each setting the first matching rule that has it counts; the device itself goes before it, defaults after it',
    ),
  targets: section({
    file_sd: z
      .array(filePattern, { error: 'a list of file patterns' })
      .max(MAX_URLS, { error: `at most ${MAX_URLS} patterns` })
      .default([])
      .describe(
        'JSON (at most 32 MiB) or YAML (1 MiB); * and ? in the last part of the path. A pattern that matches no file counts as failed, and keeps the devices it had',
      ),
    http_sd: z
      .array(targetUrl, { error: 'a list of URLs' })
      .max(MAX_URLS, { error: `at most ${MAX_URLS} URLs` })
      .default([])
      .describe('URLs, or { url: ..., authorization_file: ... } with the Authorization header in a file or a variable'),
    refresh: duration('1s', '24h').prefault('60s').describe('Time between two requests to a URL of http_sd'),
    credentials: z
      .array(name, { error: 'a list of credential names' })
      .optional()
      .describe('Credentials that targets may use. Default: those of defaults'),
    addresses: z
      .array(
        text('a prefix, an address or a host name (192.0.2.0/24, 2001:db8::/32, *.example.net)', (value) => {
          return parseAddressRange(value) !== null;
        }),
        { error: 'a list of prefixes, addresses and host names' },
      )
      .optional()
      .describe('Hosts that targets may have: prefixes, addresses, names, *.example.net. Default: any'),
  })
    .optional()
    .describe(
      "Devices from Prometheus service-discovery files and URLs. A target is host or host:port; its labels become the device's, and __gdoi_name, __gdoi_role, __gdoi_transport, __gdoi_credentials (main, or ssh=main,snmp=v3), __gdoi_interval and the like set what devices set; __gdoi_host_keys and __gdoi_algorithms only make it stricter",
    ),
  syslog: section({
    listen: z
      .union([listener, z.array(listener).min(1, LISTENERS).max(MAX_LISTENERS, LISTENERS)], LISTENERS)
      .transform((value) => (Array.isArray(value) ? value : [value]))
      .describe('Addresses that accept RFC 3164 and RFC 5424'),
    relays: z
      .array(
        parsed('an address or prefix (192.0.2.53, 10.0.0.0/8)', (value) => (isPrefix(value) ? value : null)),
        { error: 'a list of addresses and prefixes' },
      )
      .max(MAX_RELAYS, { error: `at most ${MAX_RELAYS} relays` })
      .default([])
      .describe('Addresses and prefixes of syslog relays: only in messages from there does the header name the device'),
  })
    .optional()
    .describe('Receiver of log messages'),
  traps: section({
    listen: parsed('an address to listen on (udp://127.0.0.1:1162)', (value) => {
      const address = parseListenerAddress(value);
      return address?.protocol === 'udp' ? address : null;
    }).describe('Address that accepts v1, v2c and v3'),
    credentials: z
      .array(name, { error: 'a list of credential names' })
      .default([])
      .describe('SNMP credentials; a trap that matches none of them is dropped'),
  })
    .optional()
    .describe('Receiver of SNMP traps and informs'),
  webhooks: z
    .array(
      section({
        url: webUrl.describe('Where events are sent: one POST each, CloudEvents 1.0 in JSON'),
        name: name.optional().describe('Its name in logs and metrics. Default: the host of the URL'),
        secret_env: envName.optional().describe('Environment variable with the key for signatures (Standard Webhooks)'),
        secret_file: path.optional().describe('File with it'),
        secret_command: printing('it'),
        types: z
          .array(eventType, { error: 'a list of types of events' })
          .min(1, { error: 'a list of types of events' })
          .optional()
          .describe('Types of events to send. Default: all'),
      }),
      { error: 'a list of webhooks' },
    )
    .max(MAX_URLS, { error: `at most ${MAX_URLS} webhooks` })
    .default([])
    .describe('URLs to which each event is sent as it happens'),
  maintenance: z
    .array(maintenanceWindow, { error: 'a list of maintenance windows' })
    .max(MAX_WINDOWS, { error: `at most ${MAX_WINDOWS} windows` })
    .default([])
    .describe(
      'Planned work: meanwhile, what happens to these devices, groups or cells is marked as planned and wakes nobody',
    ),
  alertmanager: section({
    urls: z
      .array(webUrl, { error: 'a list of URLs' })
      .max(MAX_URLS, { error: `at most ${MAX_URLS} URLs` })
      .default([])
      .describe('Alerts go to every one of them, as a cluster of Alertmanagers needs; /api/v2 is added'),
    username: userName.optional().describe('Basic auth, for all of them'),
    password_env: envName.optional().describe('Environment variable with the password of basic auth'),
    password_file: path.optional().describe('File with it'),
    password_command: printing('it'),
    labels: labelsNamed(labelName)
      .default({})
      .describe(
        'Labels that Prometheus adds to the same alerts: job (default gdoiwatch) and instance (default: listen) of its scrape of this agent, and its external labels. If they differ, each alert appears twice',
      ),
  })
    .optional()
    .describe('Alertmanagers to which alerts are pushed'),
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The file's content, checked, with the file's own keys; absent optional sections are undefined. */
export type Config = DeepReadonly<z.infer<typeof configSchema>>;
export type DeviceEntry = NonNullable<Config['devices']>[number];
export type MatchRule = Config['match'][number];
export type CredentialEntry = Config['credentials'][string];
export type CredentialRef = Config['defaults']['credentials'];
