/**
 * One group on one key server: keys, rekeys, member database, COOP role.
 *
 * The primary makes keys and sends rekeys to every member of the COOP set; any KS with keys serves registrations.
 * A new KS renews the KEK before its expiry, an old one at its expiry (`keys.ts`). A unicast rekey is repeated until
 * acknowledged or out of attempts; a member that acknowledged none of three rekeys in a row is dropped.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { SimTimer } from './event-heap.ts';
import type { CoopRole } from './ground-truth.ts';
import {
  type Kek,
  type KeyPolicy,
  type RekeyTimers,
  UNICAST_BATCH_GMS,
  UNICAST_BATCH_MS,
  kekLeadMs,
  makeKek,
  makeTek,
  nextRekey,
  tekLeadMs,
  transmissionMs,
} from './keys.ts';
import type { SimDevice, World } from './world.ts';

/** A GM as its KS reaches it. */
export interface RekeyReceiver {
  readonly deviceName: string;
  readonly address: string;
  /** True: taken (or known already), so it acknowledges. */
  receiveRekey(rekey: RekeyMessage): boolean;
  receiveDelete(keyServer: KeyServer): void;
}

export interface RekeyMessage {
  /** Retransmits of one rekey share it. */
  readonly id: number;
  readonly from: KeyServer;
  /** SPI of the KEK that protects it. */
  readonly protectedBy: string;
  readonly policy: KeyPolicy;
  readonly newKek: boolean;
  /** `crypto gdoi ks rekey replace-now`: the old TEKs end at once. */
  readonly replaceNow: boolean;
}

/** Which keys a rekey replaces. */
interface RekeyOrder {
  readonly kek: boolean;
  readonly tek: boolean;
  readonly replaceNow?: boolean;
}

/** A row of the member database, shared by the KSs of a COOP set. */
export interface MemberRow {
  readonly gm: RekeyReceiver;
  readonly version: string;
  /** The KS it registered with. */
  readonly keyServer: KeyServer;
  rekeysSent: number;
  rekeyRetries: number;
  acksReceived: number;
  acksMissed: number;
  /** Last sequence numbers, newest first. */
  sent: readonly number[];
  received: readonly number[];
}

export interface KsGroupConfig {
  readonly name: string;
  readonly identity: string;
  readonly timers: RekeyTimers;
  readonly multicastAddress: string;
  readonly acl: readonly string[];
  readonly aclName: string;
  readonly transform: string;
  readonly kekCipher: '3DES' | 'AES';
  readonly antiReplay: { readonly kind: 'counter' | 'time'; readonly window: number };
}

/** Consecutive rekeys without acknowledgement after which a KS drops a GM. */
const EJECTION_ACKS_MISSED = 3;
/** From the decision to rekey to the first packet's arrival. */
const REKEY_LATENCY_MS = 60;
/** COOP: a secondary that hears nothing for this long holds an election. */
export const COOP_WATCHDOG_MS = 30_000;

/** Settings that a KS does not share with its peers. */
interface KsOwnConfig {
  readonly priority: number;
  readonly rsaKey: string;
}

export class KeyServer {
  readonly world: World;
  readonly device: SimDevice;
  readonly config: KsGroupConfig;
  readonly priority: number;
  /** Names the RSA key pair that signs its rekeys: the KSs of a COOP set must share one. */
  readonly rsaKey: string;
  /** The other members of the COOP set. */
  peers: readonly KeyServer[] = [];
  role: CoopRole = 'none';
  policy: KeyPolicy | null = null;
  readonly rows = new Map<string, MemberRow>();
  rekeysSent = 0;
  lastRekeyRetransmits = 0;
  lastRekeyDurationMs = 0;
  /** Since when it has its role: the COOP message counters count from there. */
  roleSinceMs: EpochMs;
  #replaced: { readonly kek: Kek; readonly untilMs: EpochMs } | null = null;
  #rekeyTimer: SimTimer | null = null;
  #plannedBatches = 0;
  #rekeyCount = 0;

  constructor(world: World, device: SimDevice, config: KsGroupConfig, own: KsOwnConfig) {
    this.world = world;
    this.device = device;
    this.config = config;
    this.priority = own.priority;
    this.rsaKey = own.rsaKey;
    this.roleSinceMs = world.nowMs;
  }

  get address(): string {
    return this.device.address;
  }

  /** As its notifications name it. */
  place(): { readonly group: string; readonly identity: string; readonly keyServer: string } {
    return { group: this.config.name, identity: this.config.identity, keyServer: this.address };
  }

  get redundancy(): boolean {
    return this.peers.length > 0;
  }

  kekLeadMs(): number {
    return kekLeadMs(this.config.timers, this.device.release.kekBehavior, this.rows.size);
  }

  tekLeadMs(): number {
    return tekLeadMs(this.config.timers, this.rows.size);
  }

  /** The KEK that protects the rekey under way, while that rekey carries a new one. */
  replacedKek(): Kek | null {
    return this.#replaced !== null && this.world.nowMs < this.#replaced.untilMs ? this.#replaced.kek : null;
  }

  hears(peer: KeyServer): boolean {
    return this.device.up && peer.device.up && this.world.peersConnected(this.device.name, peer.device.name);
  }

  /** A GM asks for policy. Null: no answer, because this KS has no keys or does not know the GM's identity. */
  register(gm: RekeyReceiver, version: string): KeyPolicy | null {
    if (!this.device.up || this.policy === null) return null;
    this.world.notify(this.device, { kind: 'ks_new_registration' });
    if (this.world.path(gm.deviceName, this.device.name).unauthorized) {
      // Four blanks after the colon, as on the device.
      this.world.log(
        this.device,
        'GDOI-1-UNAUTHORIZED_IDENTITY',
        `Group ${this.config.name} received registration from unauthorized identity:    CN=${gm.deviceName} is not in the authorization list. Peer Address: ${gm.address}`,
      );
      return null;
    }
    const row: MemberRow = {
      gm,
      version,
      keyServer: this,
      rekeysSent: 0,
      rekeyRetries: 0,
      acksReceived: 0,
      acksMissed: 0,
      sent: [0, 0, 0, 0],
      received: [0, 0, 0, 0],
    };
    this.rows.set(gm.address, row);
    for (const peer of this.peers) {
      if (this.hears(peer)) peer.rows.set(gm.address, row);
    }
    for (const keyServer of [this, ...this.peers]) keyServer.#planForMembers();
    this.world.notify(this.device, { kind: 'ks_registration_complete' });
    return this.policy;
  }

  /**
   * Becomes primary with the keys it knows, or with new ones. From here on its member database is its own, because
   * another primary may be alive beyond a cut path.
   */
  becomePrimary(): void {
    this.#setRole('primary');
    for (const [address, row] of this.rows) this.rows.set(address, { ...row });
    if (this.policy === null) this.#makePolicy();
    this.announce();
    this.#plan();
  }

  becomeSecondary(): void {
    this.#setRole('secondary');
    this.#disarm();
  }

  /** The device went down: keys and members are lost. */
  lose(): void {
    this.#disarm();
    this.policy = null;
    this.#replaced = null;
    this.rows.clear();
    this.role = 'none';
    this.rekeysSent = 0;
  }

  /** Gives the keys to the secondaries that hear this KS. */
  announce(): void {
    for (const peer of this.peers) {
      if (this.hears(peer) && peer.role !== 'primary') peer.policy = this.policy;
    }
  }

  /** A secondary joins: it gets keys and members. */
  admit(peer: KeyServer): void {
    this.announce();
    for (const [address, row] of this.rows) peer.rows.set(address, row);
  }

  /**
   * Two primaries met and this one stays: the other's members get a rekey under the KEK they hold, so that nobody is
   * left behind.
   */
  absorb(other: KeyServer): void {
    const foreign = other.policy;
    const rows = [...other.rows.values()].filter((row) => row.keyServer === other);
    for (const row of rows) this.rows.set(row.gm.address, row);
    if (foreign !== null && this.policy !== null && foreign.kek.spi !== this.policy.kek.spi) {
      this.#send(rows, { protectedBy: foreign.kek.spi, policy: this.policy, newKek: true, replaceNow: false });
    }
  }

  /** `crypto gdoi ks rekey`: new TEK at once. */
  rekeyNow(): void {
    if (this.role === 'primary' && this.policy !== null) this.#rekey({ kek: false, tek: true });
  }

  /** `crypto gdoi ks rekey replace-now`: new KEK and TEK at once, the old ones end with the rekey. */
  replacePolicy(): void {
    if (this.role === 'primary' && this.policy !== null) this.#rekey({ kek: true, tek: true, replaceNow: true });
  }

  /** `clear crypto gdoi ks members` on a primary: members are told to leave, new keys are made. */
  clearMembers(): void {
    if (this.role !== 'primary') return;
    const rows = [...this.rows.values()];
    const { nowMs } = this.world;
    this.world.record({ kind: 'order', atMs: nowMs, device: this.device.name, group: this.config.name });
    for (const row of rows) this.#forget(row);
    this.#makePolicy();
    this.announce();
    this.#plan();
    for (const row of rows) {
      if (this.world.passesRekey(row.gm.deviceName, this.device.name, false)) row.gm.receiveDelete(this);
    }
  }

  #setRole(role: CoopRole): void {
    if (this.role === role) return;
    this.role = role;
    this.roleSinceMs = this.world.nowMs;
    this.world.record({
      kind: 'role',
      atMs: this.world.nowMs,
      device: this.device.name,
      group: this.config.name,
      role,
    });
    if (role !== 'none') this.world.notify(this.device, { kind: 'ks_role_change', ...this.place(), role });
  }

  #knows(row: MemberRow): boolean {
    return this.rows.get(row.gm.address) === row;
  }

  #forget(row: MemberRow): void {
    for (const keyServer of [this, ...this.peers]) {
      if (keyServer.#knows(row)) keyServer.rows.delete(row.gm.address);
    }
  }

  #makePolicy(): void {
    const { kekLifetimeMs, tekLifetimeMs } = this.config.timers;
    const { nowMs, random } = this.world;
    this.policy = {
      kek: makeKek(random, nowMs, kekLifetimeMs),
      kekNumber: (this.policy?.kekNumber ?? 0) + 1,
      teks: [makeTek(random, nowMs, tekLifetimeMs)],
      sequence: 0,
    };
  }

  /** A larger group needs a longer lead. */
  #planForMembers(): void {
    if (Math.ceil(this.rows.size / UNICAST_BATCH_GMS) !== this.#plannedBatches) this.#plan();
  }

  #disarm(): void {
    if (this.#rekeyTimer !== null) this.#rekeyTimer.cancelled = true;
    this.#rekeyTimer = null;
  }

  #plan(): void {
    this.#disarm();
    if (this.role !== 'primary' || this.policy === null) return;
    this.#plannedBatches = Math.ceil(this.rows.size / UNICAST_BATCH_GMS);
    const plan = nextRekey(this.policy, this.config.timers, this.device.release.kekBehavior, this.rows.size);
    this.#rekeyTimer = this.world.at(plan.atMs, () => {
      this.#rekeyTimer = null;
      this.#rekey(plan);
    });
  }

  #rekey({ kek, tek, replaceNow = false }: RekeyOrder): void {
    const before = this.policy;
    if (before === null) return;
    const { nowMs, random } = this.world;
    const { kekLifetimeMs, tekLifetimeMs } = this.config.timers;
    // The two newest TEKs stay in the policy, the older one past its expiry: `ks policy` shows it with 0 s left.
    this.policy = {
      kek: kek ? makeKek(random, nowMs, kekLifetimeMs) : before.kek,
      kekNumber: before.kekNumber + (kek ? 1 : 0),
      teks: tek ? [makeTek(random, nowMs, tekLifetimeMs), ...before.teks.slice(0, replaceNow ? 0 : 1)] : before.teks,
      sequence: kek ? 0 : before.sequence + 1,
    };
    if (kek) {
      const untilMs = nowMs + transmissionMs(this.config.timers, this.rows.size);
      this.#replaced = { kek: before.kek, untilMs };
    }
    this.rekeysSent += 1;
    this.world.record({ kind: 'rekey', atMs: nowMs, device: this.device.name, group: this.config.name, kek, tek });
    this.announce();
    this.#send([...this.rows.values()], { protectedBy: before.kek.spi, policy: this.policy, newKek: kek, replaceNow });
    this.#plan();
  }

  #send(rows: readonly MemberRow[], content: Omit<RekeyMessage, 'id' | 'from'>): void {
    this.#rekeyCount += 1;
    const { policy } = content;
    const rekey: RekeyMessage = { ...content, id: this.#rekeyCount, from: this };
    const { name, multicastAddress } = this.config;
    this.lastRekeyRetransmits = 0;
    this.lastRekeyDurationMs = 1;
    this.world.notify(this.device, { kind: 'ks_rekey_pushed', ...this.place(), sequence: policy.sequence });
    if (this.config.timers.transport === 'unicast') {
      this.world.log(
        this.device,
        'GDOI-5-KS_SEND_UNICAST_REKEY',
        `Sending Unicast Rekey for group ${name} from address ${this.address} with seq # ${policy.sequence}`,
      );
      for (let first = 0, batch = 0; first < rows.length; first += UNICAST_BATCH_GMS, batch += 1) {
        this.#transmitLater(
          rekey,
          rows.slice(first, first + UNICAST_BATCH_GMS),
          0,
          REKEY_LATENCY_MS + batch * UNICAST_BATCH_MS,
        );
      }
    } else {
      this.world.log(
        this.device,
        'GDOI-5-KS_SEND_MCAST_REKEY',
        `Sending Multicast Rekey for group ${name} from address ${this.address} to ${multicastAddress} with seq # ${policy.sequence}`,
      );
      this.#transmitLater(rekey, rows, 0, REKEY_LATENCY_MS);
    }
  }

  #transmitLater(rekey: RekeyMessage, rows: readonly MemberRow[], attempt: number, delayMs: number): void {
    const incarnation = this.device.incarnation;
    const startedAtMs = this.world.nowMs;
    this.world.after(delayMs, () => {
      if (!this.device.up || this.device.incarnation !== incarnation) return;
      this.lastRekeyDurationMs = Math.max(this.lastRekeyDurationMs, Math.round(this.world.nowMs - startedAtMs));
      this.#transmit(rekey, rows, attempt);
    });
  }

  #transmit(rekey: RekeyMessage, rows: readonly MemberRow[], attempt: number): void {
    const { retransmitAttempts, retransmitPeriodMs, transport } = this.config.timers;
    const unanswered: MemberRow[] = [];
    if (attempt > 0) this.lastRekeyRetransmits = attempt;
    for (const row of rows) {
      if (!this.#knows(row)) continue;
      if (attempt === 0) {
        row.rekeysSent += 1;
        row.sent = [rekey.policy.sequence, ...row.sent.slice(0, 3)];
      } else {
        row.rekeyRetries += 1;
      }
      const delivered =
        this.world.passesRekey(row.gm.deviceName, this.device.name, rekey.newKek) && row.gm.receiveRekey(rekey);
      if (transport === 'multicast') {
        unanswered.push(row);
      } else if (delivered && this.world.passesAck(row.gm.deviceName, this.device.name)) {
        row.acksReceived += 1;
        row.acksMissed = 0;
        row.received = [rekey.policy.sequence, ...row.received.slice(0, 3)];
      } else {
        unanswered.push(row);
      }
    }
    if (unanswered.length === 0) return;
    if (attempt < retransmitAttempts) {
      this.#transmitLater(rekey, unanswered, attempt + 1, retransmitPeriodMs);
    } else if (transport === 'unicast') {
      this.world.after(retransmitPeriodMs, () => this.#countMissed(unanswered));
    }
  }

  #countMissed(rows: readonly MemberRow[]): void {
    for (const row of rows) {
      if (!this.#knows(row)) continue;
      row.acksMissed += 1;
      if (row.acksMissed < EJECTION_ACKS_MISSED) continue;
      this.#forget(row);
      this.world.log(this.device, 'GDOI-4-GM_DELETE', `GM ${row.gm.address} deleted from group ${this.config.name}.`);
      this.world.notify(this.device, { kind: 'ks_gm_deleted', ...this.place(), gm: row.gm.address });
      this.world.record({
        kind: 'ejection',
        atMs: this.world.nowMs,
        device: row.gm.deviceName,
        group: this.config.name,
        keyServer: this.device.name,
      });
    }
  }
}
