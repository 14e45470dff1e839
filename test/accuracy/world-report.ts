/** Prints a random world for a person: its devices, what went wrong and what was reported, in order of time. */
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { eventLine, iso, printFaults, registrationLine } from './report.ts';
import { type AssessedWorld, WORLD_START_MS } from './world-watch.ts';

interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** `device`: prints only its events, and its observations too. */
export function printWorld(assessed: AssessedWorld, device: string | null): void {
  const { world, watch } = assessed;
  console.log(`world ${world.seed}: ${world.hours} h, watched every ${watch.name}`, JSON.stringify(watch));
  for (const group of world.plan.groups) console.log(`  group ${JSON.stringify(group)}`);
  for (const ks of world.plan.kss) console.log(`  ks    ${JSON.stringify(ks)}`);
  for (const gm of world.plan.gms) console.log(`  gm    ${JSON.stringify(gm)}`);
  for (const path of world.plan.paths) console.log(`  path  ${JSON.stringify(path)}`);
  for (const { atMs, text } of timeline(assessed, device).toSorted((a, b) => a.atMs - b.atMs)) {
    console.log(`${iso(atMs)} ${text}`);
  }
  console.log('\nfaults:');
  printFaults(`seed ${world.seed}`, assessed);
}

function timeline(assessed: AssessedWorld, device: string | null): readonly Line[] {
  const { world, watched, judgement } = assessed;
  const isMeant = (of: string | null) => device === null || of === device;
  return [
    ...world.troubles.map(({ atSeconds, description }) => ({
      atMs: WORLD_START_MS + atSeconds * 1000,
      text: `TROUBLE ${description}`,
    })),
    ...watched.truth
      .filter((event) => event.atMs >= WORLD_START_MS && event.kind !== 'registration')
      .map((event) => ({ atMs: event.atMs, text: `TRUTH   ${truthText(event)}` })),
    ...judgement.registrations
      .filter(({ truth }) => isMeant(truth.device))
      .map((each) => ({ atMs: each.truth.atMs, text: `JUDGED  ${registrationLine(each)}` })),
    ...watched.emitted
      .filter(({ event }) => isMeant(event.device))
      .map(({ event, emittedAtMs }) => ({ atMs: emittedAtMs, text: `TOLD    ${eventLine(event)}` })),
    ...watched.observations
      .filter(({ observation }) => device !== null && observation.device === device)
      .map(({ observation, clockOffsetMs }) => ({
        atMs: observation.receivedAtMs - clockOffsetMs,
        text: `SEEN    ${observationText(observation)}`,
      })),
  ];
}

function truthText(event: TruthEvent): string {
  return Object.entries(event)
    .filter(([name]) => name !== 'atMs')
    .map(([, value]) => JSON.stringify(value))
    .join(' ');
}

function observationText(observation: Observation): string {
  const asked = `${iso(observation.sentAtMs)} ${observation.device} ${observation.kind}`;
  switch (observation.kind) {
    case 'groups':
      return `${asked} ${observation.snapshots
        .map((snapshot) => (snapshot.role === 'gm' ? gmText(snapshot) : JSON.stringify(snapshot.kek)))
        .join('; ')}`;
    case 'log':
      return `${asked} ${observation.messages.map(({ mnemonic, timestamp }) => `${timestamp} ${mnemonic}`).join(', ')}`;
    case 'trap':
      return `${asked} ${observation.trap.name}`;
    case 'facts':
      return `${asked} uptime ${observation.facts.uptimeSeconds}`;
    case 'clock':
    case 'certificates':
    case 'registered':
    case 'failure':
      return asked;
    default:
      return observation satisfies never;
  }
}

function gmText({
  group,
  status,
  registrations,
  rekeys,
  kek,
  teks,
  keyServer,
  reregistersInSeconds,
}: GmSnapshot): string {
  const { succeeded, attempted } = registrations;
  const { received, sinceRegistration, lastAgeSeconds } = rekeys;
  const held = teks?.map(({ spi, remainingSeconds }) => `${spi}:${remainingSeconds}`).join(' ') ?? '-';
  return `${group} ${status} with ${keyServer}, registrations ${succeeded}/${attempted}, rekeys ${received} (${sinceRegistration} since, ${lastAgeSeconds} s ago), KEK ${kek?.remainingSeconds ?? '-'}, TEKs ${held}, re-registers in ${reregistersInSeconds}`;
}
