import { describe, expect, test } from 'vitest';
import { chromiumMissing } from './browser.ts';
import { pageUnderTest } from './page-under-test.ts';

describe.skipIf(chromiumMissing())('what is not as the configuration has it', () => {
  const doubts = Array.from({ length: 22 }, (_, i) => `targets of /etc/${i}.json: there is no such file`);
  const under = pageUnderTest({ doubts: () => doubts });

  test('stands above every view, the first twenty with how many more there are', async () => {
    await under.tab.open('/events');
    await under.tab.page.getByText('targets of /etc/19.json').waitFor();
    const text = await under.tab.page.locator('.banner.warning').innerText();
    expect(text).toMatch(/^Not as the configuration has it:/);
    expect(text).toContain('targets of /etc/0.json: there is no such file');
    expect(text).toContain('and 2 more: the log has them');
    expect(text).not.toContain('/etc/20.json');
  });
});
