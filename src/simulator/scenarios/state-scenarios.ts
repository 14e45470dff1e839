/** Scenarios of lasting states: what a GM suffers while its registration looks well. */
import type { FleetOperations } from './fleet-plan.ts';
import { keyServers, oneGroup, paths, type Scenario, SHORT, type Size, SPREAD } from './one-group.ts';

export const STATE_SCENARIOS = {
  'rsa-mismatch': {
    description:
      'ks2 has another RSA key pair than ks1, which dies 10 s after the start: no GM can use the rekeys of ks2.',
    expect:
      'GDOI_REKEY_FAILURE on every GM; they re-register for the KEK or the TEK: a rekey came that they could not use.',
    defaults: { gms: 4, kss: 2 },
    minimum: { gms: 1, kss: 2 },
    lifetimes: SPREAD,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 290 }),
      kss: keyServers(size.kss, ['G1'], '17.6.3').map((ks, index) =>
        index === 0 ? ks : { ...ks, rsaKey: `of ${ks.name}` },
      ),
      script: [{ atSeconds: 10, act: (fleet: FleetOperations) => fleet.killKs('ks1') }],
    }),
  },
  'replay-errors': {
    description: 'Packets to gm1 fail the time-based anti-replay check from 60 s to 660 s after the start.',
    expect: 'replay_errors of gm1, with the pseudotimes of its messages; nobody re-registers.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { antiReplay: { kind: 'time', window: 5 } }),
      script: [{ atSeconds: 60, act: (fleet: FleetOperations) => fleet.failReplayChecks('gm1', 600) }],
    }),
  },
  'interface-flap': {
    description:
      'The interface of gm1 that holds its keys goes down for 25 s, 60 s after the start, and for two minutes at 600 s.',
    expect:
      'interface: gm1 registers again when it is back, at about 88 s and 722 s; nothing is wrong with KS or path.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 1100 }),
      script: [
        { atSeconds: 60, act: (fleet: FleetOperations) => fleet.flapInterface('gm1', 25) },
        { atSeconds: 600, act: (fleet: FleetOperations) => fleet.flapInterface('gm1', 120) },
      ],
    }),
  },
  'tek-missing': {
    description:
      'The IPsec SAs of gm1 are gone 60 s after the start: it stays registered, and its traffic is dropped until a rekey.',
    expect: 'tek_missing of gm1 from 60 s until the next TEK rekey; no re-registration.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 1100 }),
      script: [{ atSeconds: 60, act: (fleet: FleetOperations) => fleet.loseTeks('gm1') }],
    }),
  },
  'registration-fails': {
    description:
      'The path of gm1 drops the rekey with the new KEK, and from 20 s to 600 s after the start its registrations as well.',
    expect:
      'registration_failed of gm1 while it is still registered, with what is left of its TEK; then registration_lost, and a registration after 600 s.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SPREAD,
    plan: (size: Size) => {
      const plan = oneGroup(size, { kekRemainingSeconds: 290 });
      const toKss = (fleet: FleetOperations, registrationLoss: number) => {
        for (const ks of plan.kss) fleet.setPath('gm1', ks.name, { registrationLoss });
      };
      return {
        ...plan,
        gms: plan.gms.map((gm, index) => (index === 0 ? { ...gm, staysRegistered: true } : gm)),
        paths: paths(plan.gms.slice(0, 1), plan.kss, { kekRekeyLoss: 1 }),
        script: [
          { atSeconds: 20, act: (fleet: FleetOperations) => toKss(fleet, 1) },
          { atSeconds: 600, act: (fleet: FleetOperations) => toKss(fleet, 0) },
        ],
      };
    },
  },
  'ejection-coop': {
    description:
      'The acknowledgements of gm1 are lost; ks1, which dropped it, dies after 25 minutes and ks2 takes over without it.',
    expect: 'member_ejected of gm1, also where only ks2 is polled; gm1 heals by the registration for its TEK.',
    defaults: { gms: 4, kss: 2 },
    minimum: { gms: 1, kss: 2 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return {
        ...plan,
        paths: paths(plan.gms.slice(0, 1), plan.kss, { ackLoss: 1 }),
        script: [{ atSeconds: 1500, act: (fleet: FleetOperations) => fleet.killKs('ks1') }],
      };
    },
  },
} as const satisfies Record<string, Scenario>;
