import { describe, expect, test } from 'vitest';
import { Maintenance } from '../../src/model/maintenance.ts';
import { NOON } from '../builders/view-builder.ts';
import { chromiumMissing } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('what is not as the configuration has it', () => {
  const doubts = Array.from({ length: 22 }, (_, i) => `targets of /etc/${i}.json: there is no such file`);
  const under = pageUnderTest({ doubts: () => doubts });

  test('is above every view: the first twenty, and how many more there are', async () => {
    await under.tab.open('/events');
    await under.tab.page.getByText('targets of /etc/19.json').waitFor();
    const text = await under.tab.page.locator('.banner.warning').innerText();
    expect(text).toMatch(/^Not as the configuration has it:/);
    expect(text).toContain('targets of /etc/0.json: there is no such file');
    expect(text).toContain('and 2 more: the log has them');
    expect(text).not.toContain('/etc/20.json');
  });
});

describe.skipIf(chromiumMissing())('planned work', () => {
  const maintenance = new Maintenance();
  const under = pageUnderTest({ maintenance });

  test('is above every view: why the trouble that it shows is not reported', async () => {
    const work = { devices: ['gm1'], groups: [], cells: [], reason: 'line card' };
    await maintenance.announce({ ...work, fromMs: NOON, untilMs: NOON + 3_600_000 }, NOON);
    await under.tab.open('/incidents');
    await under.tab.page.getByText(/^gm1 until .* UTC: line card$/).waitFor();
    expect(await under.tab.page.locator('.banner').innerText()).toMatch(/^Under maintenance, its alerts are muted:/);
  });
});
