/**
 * One group on one group member: registration, rekeys, timers, counters.
 *
 * New behaviour (15.2(1)T / XE 3.5S and later): a KEK timer re-registers in [expiry - 190 s, expiry - 40 s] when no new
 * KEK came by 200 s before expiry; a KEK that a registration brought with less than that left is deleted at its expiry
 * and re-registration follows within 80 s. Old behaviour: no KEK timer, an expired KEK is kept. Both re-register
 * for a TEK that nobody renewed. While there is no KEK, or another one, rekeys are lost.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { SimTimer } from './event-heap.ts';
import type { HeldBefore, TruthCause } from './ground-truth.ts';
import type { KeyServer, RekeyMessage, RekeyReceiver } from './key-server.ts';
import type { KeyPolicy } from './keys.ts';
import type { SimDevice, World } from './world.ts';

/** A GM knows of a missed KEK rekey this long before expiry ... */
const KEK_NOTICE_MS = 200_000;
/** ... and re-registers at random in this window before expiry (Cisco, KEK rekey behaviour change). */
const KEK_WINDOW_MS = { from: 190_000, to: 40_000 } as const;
/** Lifetimes are in whole seconds. */
const TWIN_MS = 4_000;
/**
 * After the expiry of a KEK: re-registration in [expiry, expiry + 80 s]. Not within the first second, because a GM's
 * KEK ends up to a second before the KS's, which would only give the same KEK again.
 */
const KEK_AFTER_EXPIRY_MS = { from: 1_000, to: 80_000 } as const;
/**
 * TEK-driven re-registration before the expiry of the longest-lived TEK: between 60 s and max(5 % of its lifetime,
 * 72 s). Fits all that was seen: 60-72 s early at 600 s, 108 and 174 s early at 3600 s.
 */
const TEK_LATEST_MS = 60_000;
const TEK_EARLIEST_FLOOR_MS = 72_000;
const TEK_EARLIEST_SHARE = 0.05;
/** A KS that does not answer is given up after this time; then the next one of the list is tried. */
const REGISTRATION_TIMEOUT_MS = 20_000;
/** After the last KS of the list: pause before the next round. */
const REGISTRATION_RETRY_MS = { from: 25_000, to: 40_000 } as const;
const REGISTRATION_LATENCY_MS = { from: 150, to: 900 } as const;
/** `clear crypto gdoi ks members`: remaining TEK time is cut to max(90 s, 5 %); the GM registers within the cut. */
const DELETE_CUT_MS = 90_000;
const DELETE_REGISTER_MS = { from: 5_000, to: 60_000 } as const;

/** From the return of the interface to the registration. */
const INTERFACE_MS = { from: 1_000, to: 4_000 } as const;

/** Second 0 of the group's pseudotime. */
export const PSEUDOTIME_BEGAN_SECONDS = 1_700_000_000;
/** Another GM, whose packets come late. */
const REPLAYED_FROM = '10.16.200.2';

/** What made a GM register. */
type Trigger = 'first' | 'reload' | 'clear' | 'forced' | 'interface' | 'kek_window' | 'kek_expiry' | 'tek';

/** These start a registration without the log message of a timer. */
const WITHOUT_NOTICE: ReadonlySet<Trigger> = new Set<Trigger>(['first', 'reload', 'clear', 'interface']);

export interface HeldKek {
  readonly spi: string;
  readonly expiryMs: EpochMs;
}

export interface HeldTek {
  readonly spi: number;
  readonly lifetimeMs: number;
  readonly expiryMs: EpochMs;
}

interface Registration {
  readonly trigger: Trigger;
  readonly startedAtMs: EpochMs;
  readonly kekSpiBefore: string | null;
  readonly before: HeldBefore;
  readonly keyServerBefore: KeyServer | null;
  attempts: number;
}

export interface GmGroupConfig {
  readonly name: string;
  readonly identity: string;
  readonly keyServers: readonly KeyServer[];
  readonly interface: string;
}

export type GmStatus = 'Registered' | 'Registering' | 'Not Registered';

export class GroupMember implements RekeyReceiver {
  readonly world: World;
  readonly device: SimDevice;
  readonly config: GmGroupConfig;
  status: GmStatus = 'Not Registered';
  registeredWith: KeyServer | null = null;
  /** The KS that is being asked while `Registering`. */
  registeringTo: KeyServer | null = null;
  /** When its last registration completed; null: never since the boot. */
  registeredAtMs: EpochMs | null = null;
  kek: HeldKek | null = null;
  /** Number of KEKs that it held since the boot. */
  kekNumber = 0;
  /** The KS of the last registration or rekey: its algorithms, ACL, transport. */
  policySource: KeyServer | null = null;
  succeeded = 0;
  attempted = 0;
  rekeysReceived = 0;
  rekeysSinceRegistration = 0;
  acksSent = 0;
  lastRekeyFrom: string | null = null;
  lastRekeySequence = 0;
  lastRekeyAtMs: EpochMs | null = null;
  /** Packets that failed the time-based anti-replay check since the boot. */
  replayErrors = 0;
  /** Packets a second through the crypto map: only for the data-plane counters. */
  trafficSinceMs: EpochMs;
  #teks: readonly HeldTek[] = [];
  #lastKek: HeldKek | null = null;
  #lastRekey: RekeyMessage | null = null;
  #legacySeenForKek: string | null = null;
  #countersLost = { succeeded: 0, rekeysReceived: 0 };
  /** The public key from the last registration: rekeys must be signed with its private key. */
  #rsaKey: string | null = null;
  #registration: Registration | null = null;
  #kekTimer: SimTimer | null = null;
  #kekExpiryTimer: SimTimer | null = null;
  #tekTimer: SimTimer | null = null;
  /** When the earlier of the two timers was set last. */
  #timersSetAtMs: EpochMs | null = null;

  constructor(world: World, device: SimDevice, config: GmGroupConfig) {
    this.world = world;
    this.device = device;
    this.config = config;
    this.trafficSinceMs = world.nowMs;
  }

  get deviceName(): string {
    return this.device.name;
  }

  get address(): string {
    return this.device.address;
  }

  /** The KEK held, or held last. */
  get lastKek(): HeldKek | null {
    return this.#lastKek;
  }

  /** TEKs that have not expired, newest first. */
  teks(): readonly HeldTek[] {
    return this.#teks.filter((tek) => tek.expiryMs > this.world.nowMs);
  }

  /** The word that `show crypto gdoi` prints: on some releases the old registration counts until its TEKs end. */
  shownStatus(): GmStatus {
    return this.status === 'Registering' &&
      this.device.staysRegistered &&
      this.registeredWith !== null &&
      this.teks().length > 0
      ? 'Registered'
      : this.status;
  }

  /**
   * The earlier of the KEK and the TEK cause; now while it tries; null if it shows that it registers, or has no keys.
   */
  reregistersAtMs(): EpochMs | null {
    if (this.shownStatus() !== 'Registered') return null;
    if (this.status === 'Registering') return this.world.nowMs;
    const instants = [this.#kekTimer, this.#tekTimer].flatMap((timer) => (timer === null ? [] : [timer.atMs]));
    return instants.length === 0 ? null : Math.min(...instants);
  }

  /** The very first registration, `delayMs` from now. */
  start(delayMs: number): void {
    this.#startLater('first', delayMs);
  }

  /** The device went down: everything volatile is lost. */
  lose(): void {
    this.#forget();
    this.status = 'Not Registered';
  }

  /** The device is up again. */
  boot(delayMs: number): void {
    this.trafficSinceMs = this.world.nowMs;
    this.replayErrors = 0;
    this.#startLater(this.#lastKek === null ? 'first' : 'reload', delayMs);
  }

  /** `clear crypto gdoi`: counters restart, the GM registers again. */
  clear(): void {
    if (!this.device.up) return;
    const { world, device, config } = this;
    this.#forget();
    world.record({ kind: 'clear', atMs: world.nowMs, device: device.name, group: config.name });
    world.log(
      device,
      'GDOI-5-GM_CLEAR_REGISTER',
      `Config: GM clears registration for group ${config.name} by operator`,
    );
    this.#begin('clear');
  }

  receiveDelete(keyServer: KeyServer): void {
    if (!this.device.up || this.status !== 'Registered') return;
    const { world } = this;
    world.log(
      this.device,
      'GDOI-4-GM_RECV_DELETE',
      `GM received delete-msg from KS ${keyServer.address} in group ${this.config.name}. TEKs lifetime are reduced and re-registration will start before SA expiry`,
    );
    const cut = (tek: HeldTek) =>
      world.nowMs + Math.max(DELETE_CUT_MS, Math.min(TEK_EARLIEST_SHARE * tek.lifetimeMs, 3_600_000));
    this.#teks = this.#teks.map((tek) => ({ ...tek, expiryMs: Math.min(tek.expiryMs, cut(tek)) }));
    this.#disarmReregistration();
    this.#tekTimer = world.after(world.uniform(DELETE_REGISTER_MS.from, DELETE_REGISTER_MS.to), () =>
      this.#begin('forced'),
    );
    this.#timersSetAtMs = world.nowMs;
  }

  receiveRekey(rekey: RekeyMessage): boolean {
    if (!this.device.up || !this.device.interfaceUp || this.kek === null) return false;
    if (this.#lastRekey?.id === rekey.id && this.#lastRekey.from === rekey.from) return true;
    if (this.kek.spi !== rekey.protectedBy || this.#isReplaced(rekey)) return false;
    const { world, device, config } = this;
    if (rekey.from.rsaKey !== this.#rsaKey) {
      this.#refuse(rekey);
      return false;
    }
    const unicast = rekey.from.config.timers.transport === 'unicast';
    this.#lastRekey = rekey;
    this.rekeysReceived += 1;
    this.rekeysSinceRegistration += 1;
    if (unicast) this.acksSent += 1;
    this.lastRekeyFrom = rekey.from.address;
    this.lastRekeySequence = rekey.policy.sequence;
    this.lastRekeyAtMs = world.nowMs;
    world.log(
      device,
      'GDOI-5-GM_RECV_REKEY',
      `Received Rekey for group ${config.name} from ${rekey.from.address} to ${unicast ? this.address : rekey.from.config.multicastAddress} with seq # ${rekey.policy.sequence}`,
    );
    if (rekey.replaceNow) {
      world.log(
        device,
        'GDOI-4-GM_RECV_POLICY_REPLACE_NOW',
        `GM received policy replace-now rekey from KS ${rekey.from.address} in group ${config.name}.`,
      );
      this.#teks = [];
    }
    if (this.status !== this.shownStatus()) this.#tryNoMore();
    this.#install(rekey.policy, rekey.from, false);
    const sequence = rekey.policy.sequence;
    world.notify(device, { kind: 'gm_rekey_received', ...this.#place(rekey.from.address), sequence });
    return true;
  }

  /** A retransmitted rekey after which its KS has sent another one (RFC 6407: sequence numbers rise under one KEK). */
  #isReplaced({ from, newKek, policy }: RekeyMessage): boolean {
    const last = this.#lastRekey;
    if (newKek || last?.from !== from || last.policy.kek.spi !== policy.kek.spi) return false;
    return policy.sequence < last.policy.sequence;
  }

  /** Its old registration still counted, and the rekey renewed it. */
  #tryNoMore(): void {
    this.#registration = null;
    this.registeringTo = null;
    this.status = 'Registered';
  }

  /** Signed with a key that no registration brought: it is unusable, and the KS gets no acknowledgement. */
  #refuse(rekey: RekeyMessage): void {
    const { world, device, config } = this;
    world.log(
      device,
      'GDOI-3-GDOI_REKEY_FAILURE',
      `Processing of REKEY payloads failed on GM ${this.address} in the group ${config.name}, with peer at ${rekey.from.address}`,
    );
    const sequence = rekey.policy.sequence;
    world.notify(device, { kind: 'gm_rekey_failure', ...this.#place(rekey.from.address), sequence });
  }

  /** The interface with the crypto map came up: the GM registers over it again. */
  interfaceCameUp(): void {
    if (this.status === 'Registered')
      this.#startLater('interface', this.world.uniform(INTERFACE_MS.from, INTERFACE_MS.to));
  }

  /** The IPsec SAs could not be installed, or were lost: it stays registered and holds its KEK. */
  loseTeks(): void {
    if (!this.device.up || this.status !== 'Registered') return;
    const { world, device, config } = this;
    this.#teks = [];
    cancel(this.#tekTimer);
    this.#tekTimer = null;
    this.#timersSetAtMs = world.nowMs;
    world.log(device, 'GDOI-3-GM_NO_IPSEC_FLOWS', `IPSec FLOW limit possibly reached in group ${config.name}`);
  }

  /** A packet came whose pseudotime is outside the window. */
  failReplayCheck(): void {
    const antiReplay = this.policySource?.config.antiReplay;
    if (!this.device.up || antiReplay?.kind !== 'time') return;
    this.replayErrors += 1;
    const { world } = this;
    const mine = world.nowMs / 1000 - PSEUDOTIME_BEGAN_SECONDS;
    const late = antiReplay.window + 3;
    world.log(
      this.device,
      'GDOI-4-TIMEBASED_REPLAY_FAILED',
      `An anti replay check has failed in group ${this.config.name}: my_pseudotime = ${mine.toFixed(2)} secs, peer_pseudotime = ${(mine - late).toFixed(2)} secs, replay_window = ${antiReplay.window} (sec), src_ip = ${REPLAYED_FROM}, dst_ip = ${this.address}`,
    );
  }

  #startLater(trigger: Trigger, delayMs: number): void {
    const incarnation = this.device.incarnation;
    this.world.after(delayMs, () => {
      if (this.device.up && this.device.incarnation === incarnation) this.#begin(trigger);
    });
  }

  #begin(trigger: Trigger): void {
    if (!this.device.up || this.#registration !== null) return;
    const { world, device, config } = this;
    const before = this.#heldBefore(trigger);
    this.#disarmReregistration();
    if (!WITHOUT_NOTICE.has(trigger)) {
      world.log(
        device,
        'GDOI-4-GM_RE_REGISTER',
        `The IPSec SA created for group ${config.name} may have expired/been cleared, or didn't go through. Re-register to KS.`,
      );
      world.notify(device, { kind: 'gm_reregister', ...this.#place(this.registeredWith?.address ?? '0.0.0.0') });
    }
    if (trigger === 'kek_window') this.#dropKek();
    const registration: Registration = {
      trigger,
      startedAtMs: world.nowMs,
      kekSpiBefore: this.#lastKek?.spi ?? null,
      before,
      keyServerBefore: this.registeredWith,
      attempts: 0,
    };
    this.#registration = registration;
    this.status = 'Registering';
    this.#attempt(registration, 0);
  }

  #attempt(registration: Registration, index: number): void {
    if (this.#registration !== registration) return;
    const { world, device, config } = this;
    const keyServer = config.keyServers[index];
    if (keyServer === undefined) {
      world.after(world.uniform(REGISTRATION_RETRY_MS.from, REGISTRATION_RETRY_MS.to), () =>
        this.#attempt(registration, 0),
      );
      return;
    }
    registration.attempts += 1;
    this.registeringTo = keyServer;
    this.attempted += 1;
    world.log(
      device,
      'CRYPTO-5-GM_REGSTER',
      `Start registration to KS ${keyServer.address} for group ${config.name} using address ${this.address}`,
    );
    world.notify(device, { kind: 'gm_register', ...this.#place(keyServer.address) });
    world.after(world.uniform(REGISTRATION_LATENCY_MS.from, REGISTRATION_LATENCY_MS.to), () => {
      if (this.#registration !== registration) return;
      const policy =
        device.interfaceUp && world.passesRegistration(device.name, keyServer.device.name)
          ? keyServer.register(this, device.release.gmVersion ?? '1.0.2')
          : null;
      if (policy !== null) {
        this.#complete(registration, keyServer, policy);
        return;
      }
      world.after(REGISTRATION_TIMEOUT_MS, () => {
        if (this.#registration !== registration) return;
        if (index + 1 < config.keyServers.length) {
          world.log(
            device,
            'CRYPTO-5-GM_CONN_NEXT_SER',
            `GM is connecting to next key server from the list for group ${config.name}`,
          );
        }
        this.#attempt(registration, index + 1);
      });
    });
  }

  #complete(registration: Registration, keyServer: KeyServer, policy: KeyPolicy): void {
    const { world, device, config } = this;
    const sameKek = registration.kekSpiBefore === policy.kek.spi;
    this.#registration = null;
    this.status = 'Registered';
    this.registeringTo = null;
    this.registeredWith = keyServer;
    this.#rsaKey = keyServer.rsaKey;
    this.succeeded += 1;
    this.registeredAtMs = this.world.nowMs;
    this.rekeysSinceRegistration = 0;
    const multicast = keyServer.config.timers.transport === 'multicast';
    world.log(
      device,
      multicast ? 'GDOI-5-GM_REKEY_TRANS_2_MULTI' : 'GDOI-5-GM_REKEY_TRANS_2_UNI',
      `Group ${config.name} transitioned to ${multicast ? 'Multicast' : 'Unicast'} Rekey.`,
    );
    this.#install(policy, keyServer, true);
    world.notify(device, { kind: 'gm_registration_complete', ...this.#place(keyServer.address) });
    const told = this.#causeOf(registration, keyServer, sameKek);
    const { cause } = told;
    const alsoTrue = this.#isTwinOfOldKs(registration, keyServer, policy)
      ? [...told.alsoTrue, 'legacy_ks' as const]
      : told.alsoTrue;
    world.record({
      kind: 'registration',
      atMs: world.nowMs,
      startedAtMs: registration.startedAtMs,
      device: device.name,
      group: config.name,
      cause,
      alsoTrue,
      keyServer: keyServer.device.name,
      attempts: registration.attempts,
      sameKek,
      kekExpiryMs: policy.kek.expiryMs,
      before: registration.before,
      kekTimer: device.release.kekBehavior === 'timer',
    });
    if (sameKek && (cause === 'legacy_ks' || alsoTrue.includes('legacy_ks'))) this.#legacySeenForKek = policy.kek.spi;
  }

  /**
   * In the window, from a KS that waits for the expiry: no rekey was missed yet. After a split its KEK may be another
   * one that ends at the same time.
   */
  #isTwinOfOldKs(
    { before, kekSpiBefore, startedAtMs }: Registration,
    keyServer: KeyServer,
    { kek }: KeyPolicy,
  ): boolean {
    const { kekExpiryMs } = before;
    if (kekExpiryMs === null || kekSpiBefore === kek.spi || this.device.release.kekBehavior === 'legacy') return false;
    const earlyMs = kekExpiryMs - startedAtMs;
    const inWindow = earlyMs >= KEK_WINDOW_MS.to && earlyMs <= KEK_WINDOW_MS.from;
    const endsWithIt = Math.abs(kek.expiryMs - kekExpiryMs) < TWIN_MS;
    return inWindow && endsWithIt && keyServer.device.release.kekBehavior === 'legacy';
  }

  #causeOf(
    registration: Registration,
    keyServer: KeyServer,
    sameKek: boolean,
  ): { readonly cause: TruthCause; readonly alsoTrue: readonly TruthCause[] } {
    const legacyKs = keyServer.device.release.kekBehavior === 'legacy' && this.device.release.kekBehavior === 'timer';
    const alsoTrue: TruthCause[] = [];
    const before = registration.keyServerBefore;
    if (before !== null && before !== keyServer) alsoTrue.push('ks_failover');
    switch (registration.trigger) {
      case 'first':
        return { cause: 'initial', alsoTrue: [] };
      case 'reload':
        return { cause: 'reload', alsoTrue: [] };
      case 'clear':
        return { cause: 'operator_clear', alsoTrue };
      case 'forced':
        return { cause: 'ks_forced', alsoTrue };
      case 'interface':
        return { cause: 'interface', alsoTrue };
      case 'tek':
        return { cause: 'tek_expired', alsoTrue: [...alsoTrue, ...this.#kekEvidence(registration, sameKek)] };
      case 'kek_window':
        return { cause: sameKek ? 'legacy_ks' : 'kek_missed_rekey', alsoTrue };
      case 'kek_expiry':
        if (this.#legacySeenForKek !== null && this.#legacySeenForKek === registration.kekSpiBefore) {
          return { cause: 'legacy_ks', alsoTrue: [...alsoTrue, 'kek_expired'] };
        }
        return { cause: 'kek_expired', alsoTrue: legacyKs ? [...alsoTrue, 'legacy_ks'] : alsoTrue };
      default:
        return registration.trigger satisfies never;
    }
  }

  /**
   * What the time of a TEK-driven re-registration shows about the KEK too: the TEK's timer was only the earlier one.
   */
  #kekEvidence(registration: Registration, sameKek: boolean): readonly TruthCause[] {
    const { before, kekSpiBefore, startedAtMs } = registration;
    if (before.kekExpiryMs === null || this.device.release.kekBehavior === 'legacy') return [];
    const earlyMs = before.kekExpiryMs - startedAtMs;
    if (earlyMs >= KEK_WINDOW_MS.to && earlyMs <= KEK_WINDOW_MS.from)
      return [sameKek ? 'legacy_ks' : 'kek_missed_rekey'];
    if (earlyMs > 0 || earlyMs < -KEK_AFTER_EXPIRY_MS.to) return [];
    return kekSpiBefore !== null && kekSpiBefore === this.#legacySeenForKek
      ? ['kek_expired', 'legacy_ks']
      : ['kek_expired'];
  }

  #install(policy: KeyPolicy, keyServer: KeyServer, registration: boolean): void {
    const { world, device, config } = this;
    const countdownBefore = registration ? null : this.reregistersAtMs();
    this.policySource = keyServer;
    const newKek = this.kek === null || this.kek.spi !== policy.kek.spi;
    if (newKek || registration) {
      this.#takeKek(policy, registration);
      world.log(device, 'GDOI-5-SA_KEK_UPDATED', 'SA KEK was updated');
    }
    const newestBefore = this.#teks[0]?.spi;
    const held = new Map(this.#teks.map((tek) => [tek.spi, tek]));
    this.#teks = policy.teks.flatMap((tek) => {
      const known = registration ? undefined : held.get(tek.spi);
      if (known !== undefined) return known.expiryMs > world.nowMs ? [known] : [];
      const expiryMs = world.nowMs + wholeSecondsMs(tek.expiryMs - world.nowMs);
      return expiryMs > world.nowMs ? [{ spi: tek.spi, lifetimeMs: tek.lifetimeMs, expiryMs }] : [];
    });
    if (registration || this.#teks[0]?.spi !== newestBefore) {
      this.#armTek();
      world.log(device, 'GDOI-5-SA_TEK_UPDATED', 'SA TEK was updated');
    }
    if (this.reregistersAtMs() !== countdownBefore) this.#timersSetAtMs = world.nowMs;
    if (registration) {
      world.log(
        device,
        'GDOI-5-GM_REGS_COMPL',
        `Registration to KS ${keyServer.address} complete for group ${config.name} using address ${this.address}`,
      );
    }
    world.log(
      device,
      'GDOI-5-GM_INSTALL_POLICIES_SUCCESS',
      `SUCCESS: Installation of Reg/Rekey policies from KS ${keyServer.address} for group ${config.name} & gm identity ${this.address}`,
    );
  }

  #takeKek(policy: KeyPolicy, registration: boolean): void {
    const { world } = this;
    // Lifetimes are sent in whole seconds, so a GM's KEK ends a little before the KS's.
    const expiryMs = world.nowMs + wholeSecondsMs(policy.kek.expiryMs - world.nowMs);
    if (this.#lastKek?.spi !== policy.kek.spi || this.kekNumber === 0) this.kekNumber += 1;
    this.#dropKek();
    cancel(this.#kekTimer);
    this.#kekTimer = null;
    this.kek = { spi: policy.kek.spi, expiryMs };
    this.#lastKek = this.kek;
    if (this.device.release.kekBehavior === 'legacy') return;
    this.#kekExpiryTimer = world.at(expiryMs, () => this.#kekExpired());
    const straightFromKs = registration && expiryMs - world.nowMs <= KEK_NOTICE_MS;
    this.#kekTimer = straightFromKs
      ? world.at(expiryMs + world.uniform(KEK_AFTER_EXPIRY_MS.from, KEK_AFTER_EXPIRY_MS.to), () =>
          this.#begin('kek_expiry'),
        )
      : world.at(expiryMs - world.uniform(KEK_WINDOW_MS.to, KEK_WINDOW_MS.from), () => this.#begin('kek_window'));
  }

  #kekExpired(): void {
    const { world } = this;
    this.#kekExpiryTimer = null;
    this.kek = null;
    world.log(this.device, 'GDOI-5-GM_DELETE_EXPIRED_KEK', `KEK expired for group ${this.config.name} and was deleted`);
    if (this.#registration === null && this.#kekTimer === null) {
      this.#kekTimer = world.after(world.uniform(KEK_AFTER_EXPIRY_MS.from, KEK_AFTER_EXPIRY_MS.to), () =>
        this.#begin('kek_expiry'),
      );
      this.#timersSetAtMs = world.nowMs;
    }
  }

  #armTek(): void {
    const { world } = this;
    cancel(this.#tekTimer);
    const newest = this.#teks[0];
    if (newest === undefined) {
      this.#tekTimer = null;
      return;
    }
    const earliestMs = Math.max(TEK_EARLIEST_SHARE * newest.lifetimeMs, TEK_EARLIEST_FLOOR_MS);
    this.#tekTimer = world.at(newest.expiryMs - world.uniform(TEK_LATEST_MS, earliestMs), () => this.#begin('tek'));
  }

  #heldBefore(trigger: Trigger): HeldBefore {
    const byTimer = trigger === 'kek_window' || trigger === 'kek_expiry' || trigger === 'tek' || trigger === 'forced';
    const restarted = trigger === 'first' || trigger === 'reload' || trigger === 'clear';
    const [tek] = this.#teks;
    return {
      kekExpiryMs: this.#lastKek?.expiryMs ?? null,
      tekExpiryMs: tek?.expiryMs ?? null,
      tekLifetimeMs: tek?.lifetimeMs ?? null,
      countdownSinceMs: byTimer ? this.#timersSetAtMs : null,
      ...(restarted ? this.#countersLost : { succeeded: this.succeeded, rekeysReceived: this.rekeysReceived }),
    };
  }

  /** As its notifications name it. */
  #place(keyServer: string): { group: string; identity: string; gm: string; keyServer: string } {
    return { group: this.config.name, identity: this.config.identity, gm: this.address, keyServer };
  }

  #dropKek(): void {
    cancel(this.#kekExpiryTimer);
    this.#kekExpiryTimer = null;
    this.kek = null;
  }

  #disarmReregistration(): void {
    cancel(this.#kekTimer);
    cancel(this.#tekTimer);
    this.#kekTimer = null;
    this.#tekTimer = null;
  }

  #forget(): void {
    this.#countersLost = { succeeded: this.succeeded, rekeysReceived: this.rekeysReceived };
    this.#registration = null;
    this.#disarmReregistration();
    this.#dropKek();
    this.#teks = [];
    this.#lastRekey = null;
    this.registeredWith = null;
    this.registeringTo = null;
    this.policySource = null;
    this.kekNumber = 0;
    this.succeeded = 0;
    this.registeredAtMs = null;
    this.attempted = 0;
    this.rekeysReceived = 0;
    this.rekeysSinceRegistration = 0;
    this.acksSent = 0;
    this.lastRekeyFrom = null;
    this.lastRekeySequence = 0;
    this.lastRekeyAtMs = null;
  }
}

function wholeSecondsMs(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function cancel(timer: SimTimer | null): void {
  if (timer !== null) timer.cancelled = true;
}
