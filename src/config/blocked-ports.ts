/**
 * Ports that browsers, and `fetch` in Node.js as well, refuse to ask over HTTP since other protocols live there: a
 * server of ours would listen there in vain, and a URL of theirs is never asked. Fetch Standard, "port blocking".
 */
import type { CheckedConfig } from './check.ts';
import { type Problem, type SettingPath, warningAt } from './finding.ts';

const BLOCKED: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);

type Sections = Pick<CheckedConfig, 'listen' | 'alertmanager' | 'webhooks' | 'targets'>;

export function blockedPorts({ listen, alertmanager, webhooks, targets }: Sections): readonly Problem[] {
  const urls: readonly (readonly [SettingPath, string])[] = [
    ...(alertmanager?.urls ?? []).map((url, index) => [['alertmanager', 'urls', index], url] as const),
    ...webhooks.map(({ url }, index) => [['webhooks', index, 'url'], url] as const),
    ...(targets?.http_sd ?? []).map(({ url }, index) => [['targets', 'http_sd', index], url] as const),
  ];
  const ofListen = BLOCKED.has(listen.port)
    ? [
        warningAt(
          ['listen'],
          `browsers and many HTTP clients refuse port ${listen.port}: the page and health checks will not work; choose another port`,
        ),
      ]
    : [];
  const ofUrls = urls.flatMap(([path, url]) => {
    const port = Number(new URL(url).port);
    return BLOCKED.has(port)
      ? [
          warningAt(
            path,
            `HTTP clients refuse port ${port}, and so does gdoiwatch, so nothing is sent there; choose another port`,
          ),
        ]
      : [];
  });
  return [...ofListen, ...ofUrls];
}
