/** A fleet as a scenario describes it: groups, devices, paths, and what happens when. */
import type { ReleaseName } from '../world/release.ts';
import type { ClockState, Path } from '../world/world.ts';

export interface GroupPlan {
  readonly name: string;
  readonly identity: string;
  readonly transport: 'unicast' | 'multicast';
  readonly cipher: '3DES' | 'AES';
  readonly antiReplay: { readonly kind: 'counter' | 'time'; readonly window: number };
  readonly kekLifetimeSeconds: number;
  readonly tekLifetimeSeconds: number;
  /** Remaining life of the KEK at the start, which places the next rekey. */
  readonly kekRemainingSeconds: number;
  /** KEK rekeys in the simulated history before the start. */
  readonly pastKekCycles: number;
  /** Default: 10 s, twice. Unicast lengthens the KS's lead by them. */
  readonly retransmit?: { readonly periodSeconds: number; readonly attempts: number };
}

interface DevicePlan {
  readonly name: string;
  /** Default: the name in capitals. */
  readonly hostname?: string;
  readonly release: ReleaseName;
  readonly groups: readonly string[];
  readonly clock?: ClockState;
  readonly sequenceNumbers?: boolean;
}

export interface KsPlan extends DevicePlan {
  /** COOP priority, default 100. */
  readonly priority?: number;
  /** Names its RSA key pair; default: all KSs share one, as they must. */
  readonly rsaKey?: string;
}

export interface GmPlan extends DevicePlan {
  /** Names of its KSs in the order it tries them; default: all of the group in the plan's order. */
  readonly keyServers?: readonly string[];
  /** It shows `Registered` while it tries in vain and still has a TEK; default: it shows `Registering` at once. */
  readonly staysRegistered?: boolean;
}

export interface FleetPlan {
  readonly groups: readonly GroupPlan[];
  readonly kss: readonly KsPlan[];
  readonly gms: readonly GmPlan[];
  /** Valid from the beginning of the history. */
  readonly paths: readonly ({ readonly gm: string; readonly ks: string } & Partial<Path>)[];
  /** Seconds after the start. */
  readonly script: readonly { readonly atSeconds: number; readonly act: (fleet: FleetOperations) => void }[];
}

/** Acts on a fleet at its present instant. */
export interface FleetOperations {
  /** Power cycle; up again after `downSeconds` (default: the boot time of such a device). */
  reloadDevice(name: string, downSeconds?: number): void;
  /** `clear crypto gdoi` on a GM. */
  clearGm(name: string): void;
  /** Changes losses and cuts between a GM and a KS; what is not given stays. */
  setPath(gm: string, ks: string, change: Partial<Path>): void;
  killKs(name: string): void;
  reviveKs(name: string): void;
  /** Reloads with another release. */
  upgradeKs(name: string, release?: ReleaseName): void;
  /** The COOP path between two KSs. */
  cutCoop(a: string, b: string): void;
  healCoop(a: string, b: string): void;
  /** `clear crypto gdoi ks members`: all GMs of the KS's groups are told to register again. */
  clearKsMembers(name: string): void;
  /** `crypto gdoi ks rekey`: a TEK rekey now. */
  rekeyNow(name: string): void;
  /** `crypto gdoi ks rekey replace-now`: new KEK and TEK now, the old ones end. */
  replacePolicy(name: string): void;
  /** The interface of a GM that carries the crypto map goes down for a while. */
  flapInterface(name: string, downSeconds: number): void;
  /** A GM's IPsec SAs are gone; it stays registered. */
  loseTeks(name: string): void;
  /** Packets fail the time-based anti-replay check of a GM for a while. */
  failReplayChecks(name: string, forSeconds: number): void;
  /** The device's clock minus the true time. */
  setDeviceClock(name: string, offsetSeconds: number): void;
}
