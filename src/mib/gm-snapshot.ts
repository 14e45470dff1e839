/**
 * A GM's group as the MIB shows it. The MIB has no registration status, no registration counters and no rekey counts:
 * these stay null, and `registered` is true where keys prove it, else null, never false. A KEK beside which no TEK
 * lives proves nothing: a GM that cannot register goes on holding it.
 */
import { emptyGmSnapshot, type GmKek, type GmSnapshot, type GmTek } from '../gdoi/seen/snapshot.ts';
import type { GroupRows, PartyRows } from './group-rows.ts';
import { isNobody, printIdentity } from './identity.ts';
import { credibleSeconds, GM_KEK, GM_TEK } from './key-facts.ts';
import type { MibRead } from './mib-read.ts';
import type { Row } from './row.ts';
import { type ShownKek, type ShownTek, readKeks, readTeks } from './shown-keys.ts';
import { keyFactsOf, type SnmpMemory } from './snmp-memory.ts';

export function gmSnapshot(group: GroupRows, gm: PartyRows, { rows, memory, problems }: MibRead): GmSnapshot {
  const activeSpi = gm.row?.spi('cgmGdoiGmActiveKEK', 16) ?? null;
  const keks = readKeks(GM_KEK, gm.keks, rows, activeSpi);
  // What the image leaves out of its KEK it leaves out of the TEKs beside it.
  const facts = keyFactsOf(memory, GM_KEK, keks?.[0]?.spi ?? activeSpi);
  const teks =
    readTeks(GM_TEK, gm.teks, rows, problems)?.map((tek) => ({
      ...tek,
      remainingSeconds: credibleSeconds(tek.remainingSeconds, facts),
    })) ?? null;
  const keyServer = gm.row === null ? null : keyServerOf(gm.row);
  const activeTeks = gm.row?.number('cgmGdoiGmActiveTEKNum') ?? null;
  const shown = areTeksKnown(memory, activeTeks) ? teks : null;
  const isTekless = shown !== null && !shown.some(({ remainingSeconds }) => remainingSeconds !== 0);
  const empty = emptyGmSnapshot(memory.groupNames.get(group.id.key) ?? group.id.text);
  return {
    ...empty,
    identity: group.id.text,
    address: gm.id.text,
    registered:
      keyServer !== null && ((holdsKek(keks ?? []) && !isTekless) || holdsTek(teks ?? [], activeTeks)) ? true : null,
    keyServer,
    // by its description the sequence number of the last rekey, although typed and named a counter
    rekeys: { ...empty.rekeys, lastSequence: gm.row?.number('cgmGdoiGmRekeysReceived') ?? null },
    kek: kekOf(keks, activeSpi, memory),
    teks: shown?.map(tekOf) ?? null,
  };
}

/** That no TEK is shown tells something where the image has shown one before, or counts that there is none. */
function areTeksKnown({ tables }: SnmpMemory, activeTeks: number | null): boolean {
  return tables.includes(GM_TEK.table) || activeTeks === 0;
}

/** The KS that the GM is registered with; null for none, which devices show as an empty or zero address. */
function keyServerOf(row: Row): string | null {
  const octets = row.octets('cgmGdoiGmRegKeyServerIdValue');
  if (octets === null || isNobody(octets)) return null;
  return printIdentity(row.number('cgmGdoiGmRegKeyServerIdType'), octets);
}

function holdsKek(keks: readonly ShownKek[]): boolean {
  return keks.some(({ status, remainingSeconds }) => status === 'inUse' && (remainingSeconds ?? 0) > 0);
}

function holdsTek(teks: readonly ShownTek[], activeTeks: number | null): boolean {
  return teks.some(({ inUse, remainingSeconds }) => (inUse || (activeTeks ?? 0) > 0) && (remainingSeconds ?? 0) > 0);
}

/** Null is no KEK. Of a KEK whose rows are not whole, or not in the image, at most the SPI is known. */
function kekOf(keks: readonly ShownKek[] | null, activeSpi: string | null, memory: SnmpMemory): GmKek | null {
  const kek = keks?.[0] ?? null;
  const unread = keks === null || (!memory.tables.includes(GM_KEK.table) && activeSpi !== null);
  if (kek === null && !unread) return null;
  const spi = kek === null ? activeSpi : kek.spi;
  const facts = keyFactsOf(memory, GM_KEK, spi);
  const { transport, encryption, keyBits, signatureHash, signatureKeyBits } = facts;
  return {
    ...(spi === null ? {} : { spi }),
    transport,
    remainingSeconds: credibleSeconds(kek?.remainingSeconds ?? null, facts),
    encryption,
    keyBits,
    signatureHash,
    signatureKeyBits,
  };
}

function tekOf({ spi, remainingSeconds }: ShownTek): GmTek {
  return { interface: null, spi, transform: null, remainingSeconds, antiReplay: null };
}
