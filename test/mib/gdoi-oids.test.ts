import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GDOI_TRAPS } from '../../src/gdoi/seen/gdoi-trap.ts';
import { gdoiOidsSource, loadGdoiModule, MIB_FILES, mibPath, notificationNames } from './oids-from-mib.ts';

const committed = fileURLToPath(new URL('../../src/mib/gdoi-oids.ts', import.meta.url));
const readme = readFileSync(mibPath('README.md'), 'utf8');

describe('the OID constants', () => {
  it('are what the MIB files say', () => {
    const source = gdoiOidsSource(loadGdoiModule());
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(committed, source);
    expect(readFileSync(committed, 'utf8'), 'run npm run goldens and review the difference').toBe(source);
  });

  it('name the notifications as the domain does', () => {
    expect(notificationNames(loadGdoiModule())).toEqual(GDOI_TRAPS);
  });

  it.each(MIB_FILES)('come from the %s that mibs/README.md tells of', (file) => {
    const hash = createHash('sha256')
      .update(readFileSync(mibPath(file)))
      .digest('hex');
    expect(readme).toContain(`| \`${file}\` |`);
    expect(readme).toContain(hash);
  });
});
