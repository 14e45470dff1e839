/**
 * NAME.txt is a walk as `snmpbulkwalk -On -Ox` prints it, NAME.json what an agent reads from it that polls the device
 * for the first time. `npm run goldens` rewrites the JSON; review its diff by eye. A real walk can be added as it is.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeGdoi } from '../../src/mib/decode-gdoi.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply } from '../../src/mib/snmp-memory.ts';
import { replyOf } from '../builders/gdoi-reply-builder.ts';
import { parseWalk } from './walk-text.ts';

const root = fileURLToPath(new URL('goldens/', import.meta.url));
const walks = readdirSync(root).filter((name) => name.endsWith('.txt'));

describe('goldens of CISCO-GDOI-MIB', () => {
  it.each(walks.toSorted())('%s is decoded to what its JSON says', (name) => {
    const golden = join(root, name.replace(/\.txt$/, '.json'));
    const reply = replyOf(parseWalk(readFileSync(join(root, name), 'utf8')));
    const memory = rememberReply(NOTHING_LEARNT_BY_SNMP, reply);
    const meaning = `${JSON.stringify({ reading: decodeGdoi(reply, memory), memory }, null, 2)}\n`;
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(golden, meaning);
    expect(existsSync(golden), `${golden} is missing: run npm run goldens and review it`).toBe(true);
    expect(JSON.parse(meaning)).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
  });

  it('have no JSON without its text', () => {
    const orphans = readdirSync(root).filter(
      (name) => name.endsWith('.json') && !walks.includes(name.replace(/\.json$/, '.txt')),
    );
    expect(orphans).toEqual([]);
  });
});
