/**
 * The configuration file: every key, what it takes and its default. Unknown keys are refused everywhere.
 *
 * Each schema's error text is only *what is allowed*, as a noun phrase: `issue-text.ts` puts the value in front
 * (`"5 parsecs" is not a duration (30s, 5m) or a cron expression`), and so decides alone whether a value may be shown.
 * For unknown keys the text is the list of known ones.
 */
import { z } from 'zod';
import { isHost, parseListenAddress, parseListenerAddress } from './address.ts';
import { COLLECTORS } from './resolved-config.ts';
import { parseDuration, parseSchedule } from './schedule.ts';

/** An object that refuses unknown keys and says which ones it knows. */
function section<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? keys.join(' ') : `a mapping of ${keys.join(', ')}`),
  });
}

/** Text that `accepts`; `allowed` is the noun phrase of its error. */
function text(allowed: string, accepts: (value: string) => boolean) {
  return z.string({ error: () => allowed }).refine(accepts, { error: allowed });
}

/** Text that `parse` turns into a value; null refuses it. */
function parsed<T>(allowed: string, parse: (value: string) => T | null) {
  return z.string({ error: () => allowed }).transform((value, context): T => {
    const result = parse(value);
    if (result !== null) return result;
    context.issues.push({ code: 'custom', message: allowed, input: value });
    return z.NEVER;
  });
}

function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function oneOf<const V extends readonly string[]>(values: V) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

function duration(min: string, max: string) {
  const minMs = parseDuration(min) ?? 0;
  const maxMs = parseDuration(max) ?? 0;
  return parsed(`a duration (30s, 5m) from ${min} to ${max}`, (value) => {
    const ms = parseDuration(value);
    return ms === null || ms < minMs || ms > maxMs ? null : ms;
  });
}

const SHORTEST_INTERVAL_MS = 1000;
const LONGEST_INTERVAL_MS = 7 * 24 * 3_600_000;

const schedule = z.string({ error: () => 'a duration (30s, 5m) or a cron expression' }).transform((value, context) => {
  const result = parseSchedule(value);
  if (result === null) {
    context.issues.push({ code: 'custom', message: 'a duration (30s, 5m) or a cron expression', input: value });
    return z.NEVER;
  }
  if (result.kind === 'every' && (result.ms < SHORTEST_INTERVAL_MS || result.ms > LONGEST_INTERVAL_MS)) {
    context.issues.push({ code: 'custom', message: 'an interval from 1s to 168h', input: value });
    return z.NEVER;
  }
  return result;
});

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const printable = (max: number) => (value: string) => value.length > 0 && value.length <= max && !CONTROL.test(value);

const path = text('a file path', printable(4096));
/** Names reach label values and URL paths. */
const name = text('a name (letters, digits and . _ - : after a first letter, digit or _, at most 128)', (value) =>
  /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$/.test(value),
);
const host = text('a host name or IP address', isHost);
const envName = text('the name of an environment variable', (value) => /^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(value));
const userName = text('a user name', printable(128));

function url(...schemes: readonly string[]) {
  const allowed = `a URL (${schemes.map((scheme) => `${scheme}://...`).join(' or ')})`;
  return text(
    allowed,
    (value) => printable(2048)(value) && URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)),
  );
}

const credentialRef = z.union([name, section({ ssh: name.optional(), snmp: name.optional() })], {
  error: 'the name of a credential, or { ssh: NAME, snmp: NAME }',
});

/** Ours or Prometheus's own: a configured label of that name would collide in `gdoi_device_info`. */
const RESERVED_LABELS: readonly string[] = [
  'device',
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

const MAX_LABELS = 32;
const labelName = z
  .string()
  .regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]{0,63}$/, {
    error: 'a label name (letters, digits and _, not starting with a digit or __)',
  })
  .refine((value) => !RESERVED_LABELS.includes(value), {
    error: `free as a label name: gdoiwatch or Prometheus sets ${RESERVED_LABELS.join(', ')}`,
  });
const labels = z
  .record(
    labelName,
    text('text of at most 256 characters', (value) => value === '' || printable(256)(value)),
    {
      error: () => 'a mapping of label names to text',
    },
  )
  .refine((value) => Object.keys(value).length <= MAX_LABELS, { error: `at most ${MAX_LABELS} labels` });

const role = oneOf(['gm', 'ks', 'auto']).describe(
  'gm: group member, ks: key server; auto: learnt from what the device shows',
);
const transport = oneOf(['ssh', 'snmp', 'ssh+snmp']).describe(
  'How the device is polled; ssh+snmp needs credentials: { ssh: NAME, snmp: NAME }',
);
const collect = z
  .array(oneOf(COLLECTORS), { error: `a list of ${COLLECTORS.join(', ')}` })
  .max(COLLECTORS.length, { error: `${COLLECTORS.join(', ')}, each once at most` })
  .describe(
    'Extra commands per poll: replay (anti-replay counters), dataplane (data-plane error counters), logging (log buffer)',
  );
const interval = schedule.describe('Time between polls (30s, 5m) or a five- or six-field cron expression');
const timeout = duration('100ms', '10m').describe('Bound for each of connect, login and one command');
const detailInterval = duration('1s', '168h').describe(
  'Time between the KS detail commands (policy, members, coop), which are heavy on large groups',
);
const phaseAware = z
  .boolean({ error: 'true or false' })
  .describe('Also poll at the few instants around a KEK expiry that tell why a GM re-registers');
const hostKeys = oneOf(['strict', 'accept-new']).describe(
  'strict: only keys in known_hosts; accept-new: an unknown device is trusted at first sight and remembered',
);
const algorithms = oneOf(['modern', 'legacy']).describe('legacy: modern ones first, then those that old IOS needs');
const session = oneOf(['persistent', 'per_poll']).describe(
  'persistent: one open session per device; per_poll: log in for each poll',
);
const maxHandshakes = wholeNumber(1, 1024).describe('SSH handshakes under way at once, over all devices');

/** IOS offers these too; why they are refused (net-snmp 3.29: no AES-192, no 3DES; Node 17 and later: no DES). */
const REFUSED_PRIVACY: Readonly<Record<string, string>> = {
  des: 'single DES is broken and not in the OpenSSL of this Node.js',
  '3des': '3DES is not in the SNMP library',
  aes192: 'AES-192 is not in the SNMP library',
};
const privacyProtocol = z.enum(['aes128', 'aes256'], {
  error: (issue) => {
    const reason =
      typeof issue.input === 'string' ? REFUSED_PRIVACY[issue.input.toLowerCase().replace('-', '')] : undefined;
    return `one of aes128, aes256${reason === undefined ? '' : ` (${reason})`}`;
  },
});

const credentialSchema = section({
  username: userName.optional(),
  password_env: envName.optional(),
  password_file: path.optional(),
  private_key_file: path.optional(),
  passphrase_env: envName.optional(),
  passphrase_file: path.optional(),
  enable_password_env: envName.optional(),
  enable_password_file: path.optional(),
  snmp: z
    .discriminatedUnion(
      'version',
      [
        section({
          version: z.literal('2c'),
          community_env: envName.optional(),
          community_file: path.optional(),
        }),
        section({
          version: z.literal(3),
          username: userName,
          auth: section({
            protocol: oneOf(['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512']),
            password_env: envName.optional(),
            password_file: path.optional(),
          }).optional(),
          privacy: section({
            protocol: privacyProtocol.describe('aes256: with the key extension that Cisco uses (Reeder)'),
            password_env: envName.optional(),
            password_file: path.optional(),
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
}).describe('Either SSH (username, password or private key) or SNMP; secrets stand in a file or the environment');

export const deviceSchema = section({
  name: name.describe('What the device is called in metrics, events and the API; unique'),
  host: host.describe('Address or host name'),
  port: wholeNumber(1, 65_535).describe('SSH port (22), or SNMP port (161) for transport snmp').optional(),
  role: role.optional(),
  transport: transport.optional(),
  interval: interval.optional(),
  timeout: timeout.optional(),
  detail_interval: detailInterval.optional(),
  credentials: credentialRef.optional(),
  collect: collect.optional(),
  phase_aware: phaseAware.optional(),
  labels: labels.describe('Labels of gdoi_device_info').optional(),
  ssh: section({
    host_keys: hostKeys.optional(),
    algorithms: algorithms.optional(),
    session: session.optional(),
    max_handshakes: maxHandshakes.optional(),
  })
    .describe('Overrides of the ssh section for this device')
    .optional(),
  host_keys: hostKeys.optional().describe('Short for ssh: { host_keys: ... }'),
  algorithms: algorithms.optional().describe('Short for ssh: { algorithms: ... }'),
  session: session.optional().describe('Short for ssh: { session: ... }'),
});

/** Most devices in one file: an upper end for everything that grows with them. */
const MAX_DEVICES = 200_000;

export const configSchema = section({
  listen: parsed('an address to listen on (127.0.0.1:9848, [::1]:9848, :9848)', parseListenAddress)
    .prefault('127.0.0.1:9848')
    .describe('Address of the web page, the API and the metrics; :PORT is every IPv4 address'),
  log: section({
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info').describe('Least level logged'),
  }).prefault({}),
  limits: section({
    concurrent_polls: wholeNumber(1, 4096).default(64).describe('Polls under way at once, over all devices'),
  }).prefault({}),
  web: section({
    config_file: path.optional().describe('TLS and basic auth, in the format of the Prometheus exporter-toolkit'),
    tokens_file: path.optional().describe('Bearer tokens of the API'),
  }).prefault({}),
  store: section({
    sqlite: path.optional().describe('The embedded store, one file (gdoiwatch.db)'),
    postgres: url('postgres', 'postgresql').optional(),
    retention: duration('1h', '3650d').prefault('90d').describe('How long events are kept'),
  })
    .refine((value) => value.sqlite === undefined || value.postgres === undefined, {
      error: 'either sqlite or postgres',
    })
    .prefault({})
    .describe('Where events and state are kept'),
  record: path.optional().describe('Directory that gets a recording of every answer, for replay'),
  defaults: section({
    role: role.default('auto'),
    transport: transport.default('ssh'),
    interval: interval.prefault('60s'),
    timeout: timeout.prefault('15s'),
    detail_interval: detailInterval.prefault('60s'),
    credentials: credentialRef.default('main'),
    collect: collect.default([]),
    phase_aware: phaseAware.default(true),
  })
    .prefault({})
    .describe('What devices use that do not say otherwise'),
  credentials: z.record(name, credentialSchema, { error: () => 'a mapping of names to credentials' }).default({}),
  ssh: section({
    known_hosts: path.default('known_hosts').describe('File of host keys, in the format of OpenSSH'),
    host_keys: hostKeys.default('strict'),
    algorithms: algorithms.default('modern'),
    session: session.default('persistent'),
    max_handshakes: maxHandshakes.default(8),
  }).prefault({}),
  devices: z
    .array(deviceSchema, { error: 'a list of devices' })
    .max(MAX_DEVICES, { error: `at most ${MAX_DEVICES} devices` })
    .optional(),
  targets: section({
    file_sd: z.array(path, { error: 'a list of file patterns' }).default([]),
    http_sd: z.array(url('http', 'https'), { error: 'a list of URLs' }).default([]),
  })
    .optional()
    .describe('Devices from Prometheus service-discovery files and URLs'),
  syslog: section({
    listen: parsed('an address to listen on (udp://127.0.0.1:5514, tcp://...)', parseListenerAddress),
  })
    .optional()
    .describe('Receiver of log messages'),
  traps: section({
    listen: parsed('an address to listen on (udp://127.0.0.1:1162)', (value) => {
      const address = parseListenerAddress(value);
      return address?.protocol === 'udp' ? address : null;
    }),
    credentials: z.array(name, { error: 'a list of credential names' }).default([]),
  })
    .optional()
    .describe('Receiver of SNMP traps and informs'),
  alertmanager: section({ urls: z.array(url('http', 'https'), { error: 'a list of URLs' }).default([]) })
    .optional()
    .describe('Where events are pushed'),
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The file's content, checked, with the file's own keys; optional sections that are absent are undefined. */
export type Config = DeepReadonly<z.infer<typeof configSchema>>;
export type DeviceEntry = NonNullable<Config['devices']>[number];
export type CredentialEntry = Config['credentials'][string];
export type CredentialRef = Config['defaults']['credentials'];
