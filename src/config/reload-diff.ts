/**
 * What a reload changes, so that only that is touched and sessions stay open if they can. Each table names every field
 * of what it compares, so a new field does not compile until it is decided what its change means.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type AccessWay,
  sameJumps,
  sameRestconfCredential,
  sameRestconfTrust,
  sameSnmpCredential,
} from '../access/same-target.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import { absentIsNull, ignored, orNull, type Same, sameIn, sameSecret } from '../kernel/same-fields.ts';
import type {
  ResolvedConfig,
  ResolvedDevice,
  ResolvedSnmp,
  ResolvedOtherAgents,
  ResolvedPostgres,
  ResolvedPostgresTls,
  ResolvedRestconf,
  ResolvedSsh,
  ResolvedStore,
  ResolvedTraps,
} from './resolved-config.ts';

/** Devices as they will be; removed ones as they were. */
export interface ConfigDiff {
  readonly added: readonly ResolvedDevice[];
  readonly removed: readonly ResolvedDevice[];
  /**
   * Another address, port, cell, or transport that decides: it may be another router, so the device starts anew. A name
   * for its address counts too: where a name leads is no matter of the configuration.
   */
  readonly changed: readonly ResolvedDevice[];
  /**
   * Another credential or way of logging in, or another transport beside SSH: the same router at the same place. Its
   * sessions are new; all that is known of it stays.
   */
  readonly renewed: readonly RenewedDevice[];
  /** Another interval, role, timeout, label, source address or collector: the session stays. */
  readonly rescheduled: readonly ResolvedDevice[];
  readonly unchanged: readonly ResolvedDevice[];
  /** Settings that differ but need a restart, such as `listen`. */
  readonly restartNeeded: readonly string[];
}

/** Its settings may differ in other things, too. */
export interface RenewedDevice {
  readonly device: ResolvedDevice;
  /** Whose sessions are new, or end; those of the others stay open. */
  readonly ways: readonly AccessWay[];
}

const equal: Same<unknown> = isDeepStrictEqual;
const inAnyOrder: Same<readonly unknown[]> = (a, b) => equal(new Set(a), new Set(b));

/** Devices share the objects of their credential, so a fleet has few pairs to compare. */
function remembered<Value extends object>(same: Same<Value>): Same<Value> {
  const known = new WeakMap<Value, { readonly other: Value; readonly same: boolean }>();
  return (a, b) => {
    const last = known.get(a);
    if (last?.other === b) return last.same;
    const found = same(a, b);
    known.set(a, { other: b, same: found });
    return found;
  };
}

const sameSsh = remembered(
  sameIn<ResolvedSsh>({
    credentialName: equal,
    username: equal,
    password: sameSecret,
    privateKey: sameSecret,
    passphrase: sameSecret,
    enablePassword: sameSecret,
    agent: absentIsNull,
    jumps: sameJumps,
    sourceAddress: absentIsNull,
    hostKeys: equal,
    algorithms: equal,
    session: equal,
  }),
);

/** Of what is asked before and after; one that comes or goes is no other place. */
function whereBoth<Value>(same: Same<Value>): Same<Value | null> {
  return (a, b) => a === null || b === null || same(a, b);
}

type PlaceOfSnmp = 'port' | 'context';
/** Another context has other tables. */
const sameSnmpPlace = whereBoth(sameIn<Pick<ResolvedSnmp, PlaceOfSnmp>>({ port: equal, context: absentIsNull }));
const sameSnmp = orNull(
  sameIn<Omit<ResolvedSnmp, PlaceOfSnmp>>({
    credentialName: equal,
    credential: sameSnmpCredential,
    sourceAddress: absentIsNull,
    anySource: equal,
    // the session stays: see DEVICE
    schedule: ignored,
  }),
);

const sameRestconfPlace = whereBoth(sameIn<Pick<ResolvedRestconf, 'port'>>({ port: equal }));
const sameRestconf = orNull(
  sameIn<Omit<ResolvedRestconf, 'port'>>({
    credentialName: equal,
    credential: sameRestconfCredential,
    sourceAddress: absentIsNull,
    trust: sameRestconfTrust,
    // the session stays: see DEVICE
    schedule: ignored,
  }),
);

const sameTraps = orNull(
  sameIn<ResolvedTraps>({
    listen: equal,
    credentials: (a, b) =>
      a.size === b.size &&
      [...a].every(([name, credential]) => {
        const other = b.get(name);
        return other !== undefined && sameSnmpCredential(credential, other);
      }),
  }),
);

const sameTls = sameIn<ResolvedPostgresTls>({ ca: equal, cert: equal, key: sameSecret, serverName: equal });
const samePostgres = sameIn<ResolvedPostgres>({
  hosts: equal,
  user: equal,
  password: sameSecret,
  database: equal,
  tls: orNull(sameTls),
});
const sameFile = sameIn<Extract<ResolvedStore, { kind: 'sqlite' }>>({ kind: equal, retentionMs: equal, path: equal });
type SharedStore = Extract<ResolvedStore, { kind: 'postgres' }>;
const sameDatabase = sameIn<SharedStore>({
  kind: equal,
  retentionMs: equal,
  postgres: samePostgres,
  // of the section cluster: see SAME_CLUSTER
  leaseMs: ignored,
  aloneMs: ignored,
  others: ignored,
});
const SAME_CLUSTER = sameIn<Pick<SharedStore, 'leaseMs' | 'aloneMs' | 'others'>>({
  leaseMs: equal,
  aloneMs: equal,
  others: sameIn<ResolvedOtherAgents>({ url: equal, token: sameSecret, tls: orNull(sameTls) }),
});

function sameStore(a: ResolvedStore, b: ResolvedStore): boolean {
  if (a.kind === 'sqlite') return b.kind === 'sqlite' && sameFile(a, b);
  return b.kind === 'postgres' && sameDatabase(a, b);
}

/** Between different kinds of store there is nothing to compare. */
function sameCluster(a: ResolvedStore, b: ResolvedStore): boolean {
  return a.kind !== 'postgres' || b.kind !== 'postgres' || SAME_CLUSTER(a, b);
}

/** Compares by one value of it. */
function by<Whole, Value>(valueOf: (whole: Whole) => Value, same: Same<Value> = equal): Same<Whole> {
  return (a, b) => same(valueOf(a), valueOf(b));
}

type DeviceComparison = Same<ResolvedDevice>;

/** What a field of a device says: which router it is, how the agent gets in there, how it is polled, or none of it. */
interface OfDevice {
  readonly place?: DeviceComparison;
  readonly session?: DeviceComparison;
  readonly polling?: DeviceComparison;
}

const DEVICE: Readonly<Record<keyof ResolvedDevice, OfDevice>> = {
  // the two are found by it
  name: {},
  // Another cell is another network; showing cells from now on, or no longer, changes none.
  cell: { place: by(({ cell }) => cell ?? DEFAULT_CELL), polling: by(({ cell }) => cell) },
  host: { place: by(({ host }) => host) },
  port: { place: by(({ port }) => port) },
  // What another transport shows cannot be compared with what is known by this one.
  transport: { place: by(({ transport }) => transport.split('+')[0]) },
  ssh: { place: by(({ ssh }) => ssh === null), session: by(({ ssh }) => ssh, orNull(sameSsh)) },
  snmp: {
    place: by(({ snmp }) => snmp, sameSnmpPlace),
    session: by(({ snmp }) => snmp, sameSnmp),
    polling: by(({ snmp }) => snmp?.schedule),
  },
  restconf: {
    place: by(({ restconf }) => restconf, sameRestconfPlace),
    session: by(({ restconf }) => restconf, sameRestconf),
    polling: by(({ restconf }) => restconf?.schedule),
  },
  sourceAddresses: { polling: by(({ sourceAddresses }) => sourceAddresses, inAnyOrder) },
  role: { polling: by(({ role }) => role) },
  schedule: { polling: by(({ schedule }) => schedule) },
  timeoutMs: { polling: by(({ timeoutMs }) => timeoutMs) },
  detailIntervalMs: { polling: by(({ detailIntervalMs }) => detailIntervalMs) },
  collect: { polling: by(({ collect }) => collect, inAnyOrder) },
  phaseAware: { polling: by(({ phaseAware }) => phaseAware) },
  labels: { polling: by(({ labels }) => labels) },
};

const ofDevice = Object.values(DEVICE);
const samePlace: DeviceComparison = (a, b) => ofDevice.every(({ place }) => place?.(a, b) ?? true);
const samePolling: DeviceComparison = (a, b) => ofDevice.every(({ polling }) => polling?.(a, b) ?? true);

const WAYS = ['ssh', 'snmp', 'restconf'] as const satisfies readonly AccessWay[];

/** The ways whose sessions a change leaves no use for. */
function renewedWays(a: ResolvedDevice, b: ResolvedDevice): readonly AccessWay[] {
  return WAYS.filter((way) => DEVICE[way].session?.(a, b) === false);
}

type FixedSetting = readonly [setting: string, same: Same<ResolvedConfig>];

/** Of each field of a section: the setting whose change needs a restart, or that a reload applies it. */
type Section<Whole> = {
  readonly [Field in keyof Whole]-?: string | readonly [setting: string, same: Same<Whole[Field]>] | typeof APPLIED;
};
const APPLIED = null;

function fixedIn<Whole extends object>(
  sectionOf: (config: ResolvedConfig) => Whole | null,
  fields: Section<Whole>,
): readonly FixedSetting[] {
  const fixed: FixedSetting[] = [];
  for (const name in fields) {
    const field = fields[name];
    if (field === APPLIED) continue;
    const [setting, same] = typeof field === 'string' ? ([field, equal] as const) : field;
    const inSection = (a: Whole | null, b: Whole | null) =>
      a === null || b === null ? a === b : same(a[name], b[name]);
    fixed.push([setting, by(sectionOf, inSection)]);
  }
  return fixed;
}

/** Settings that cannot change while running, by the name that the user knows; a reload applies all others. */
const CONFIG: Readonly<Record<keyof ResolvedConfig, readonly FixedSetting[]>> = {
  file: [],
  listen: [['listen', by(({ listen }) => listen)]],
  web: fixedIn(({ web }) => web, {
    // Certificates can change; TLS cannot be switched on or off.
    tls: ['web: TLS', by((tls) => [tls !== null, tls !== null && tls.clientCa !== null])],
    basicAuthUsers: APPLIED,
    tokens: APPLIED,
    headers: APPLIED,
  }),
  grafanaUrl: [],
  metrics: [['metrics', by(({ metrics }) => metrics)]],
  log: fixedIn(({ log }) => log, { level: 'log.level' }),
  limits: fixedIn(({ limits }) => limits, { concurrentPolls: 'limits.concurrent_polls' }),
  store: [
    ['store', by(({ store }) => store, sameStore)],
    ['cluster', by(({ store }) => store, sameCluster)],
  ],
  ssh: fixedIn(({ ssh }) => ssh, {
    knownHostsPath: 'ssh.known_hosts',
    maxHandshakes: 'ssh.max_handshakes',
    loginsPerSecond: 'ssh.logins_per_second',
  }),
  restconf: fixedIn(({ restconf }) => restconf, { knownCertificatesPath: 'restconf.known_certificates' }),
  record: [['record', by(({ record }) => record)]],
  syslog: fixedIn(({ syslog }) => syslog, { listens: 'syslog.listen', relays: APPLIED }),
  traps: [['traps', by(({ traps }) => traps, sameTraps)]],
  devices: [],
  targets: [],
  alertmanager: [],
  webhooks: [],
  maintenance: [],
  doubts: [],
};

/** The configuration of the start as it counts now: the password of the database is read again for each connection. */
export async function asItRuns(started: ResolvedConfig): Promise<ResolvedConfig> {
  const { store } = started;
  if (store.kind !== 'postgres' || store.postgres.password === null) return started;
  const password = await store.postgres.password.renewed();
  return { ...started, store: { ...store, postgres: { ...store.postgres, password } } };
}

/** Settings that differ and that no reload applies. */
export function restartNeeded(before: ResolvedConfig, after: ResolvedConfig): readonly string[] {
  return Object.values(CONFIG)
    .flat()
    .filter(([, same]) => !same(before, after))
    .map(([setting]) => setting);
}

export function diffConfig(before: ResolvedConfig, after: ResolvedConfig): ConfigDiff {
  const old = new Map(before.devices.map((device) => [device.name, device]));
  const names = new Set(after.devices.map((device) => device.name));
  const added: ResolvedDevice[] = [];
  const changed: ResolvedDevice[] = [];
  const renewed: RenewedDevice[] = [];
  const rescheduled: ResolvedDevice[] = [];
  const unchanged: ResolvedDevice[] = [];
  for (const device of after.devices) {
    const was = old.get(device.name);
    const ways = was === undefined ? [] : renewedWays(was, device);
    if (was === undefined) added.push(device);
    else if (!samePlace(was, device)) changed.push(device);
    else if (ways.length > 0) renewed.push({ device, ways });
    else if (!samePolling(was, device)) rescheduled.push(device);
    else unchanged.push(device);
  }
  return {
    added,
    removed: before.devices.filter((device) => !names.has(device.name)),
    changed,
    renewed,
    rescheduled,
    unchanged,
    restartNeeded: restartNeeded(before, after),
  };
}

/** Other devices, or other settings of one. */
export function devicesDiffer(before: ResolvedConfig, after: ResolvedConfig): boolean {
  const { unchanged: _same, restartNeeded: _ofOthers, ...differing } = diffConfig(before, after);
  return Object.values(differing).some((devices) => devices.length > 0);
}
