/**
 * Every scenario of the simulator, watched by the real agent on a fast clock: what it reports about the group at each
 * step. The sequences are the specification; the document shows, word for word, what a person reads.
 */
import { describe, expect, test } from 'vitest';
import { durationText } from '../../src/gdoi/events/duration-text.ts';
import { scenarioNamed, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { START_MS } from '../builders/simulated-agent.ts';
import { half } from '../builders/half.ts';
import { partOf, partOfSections, table } from '../docs/generated-part.ts';
import { type Headline, headlinesOf, nameOf, sequenceOf } from './headlines.ts';
import { SAID, WATCHED } from './scenario-headlines.ts';

const PAGE = 'docs/incidents-by-scenario.md';
const sections = new Map<ScenarioName, string>();

describe('the headlines', () => {
  test.each(half(WATCHED, { otherWay: true }))('of %s are as expected, and consistent', async (scenario) => {
    const expected = SAID[scenario];
    if (expected === undefined) throw new Error(`${scenario} has no line in the table`);
    const { headlines, contradictions } = await headlinesOf({ scenario, logs: true }, expected.minutes);
    sections.set(scenario, sectionOf(scenario, headlines));
    const names = [...new Set(headlines.map(({ group }) => group))];
    const sequences = Object.fromEntries(names.map((group) => [group, sequenceOf(headlines, group)]));
    expect(sequences).toEqual(expected.groups);
    expect([...contradictions]).toEqual([]);
    const explained = headlines.flatMap(({ first, summary }) =>
      first === null ? [] : [{ ...first, headline: summary }],
    );
    expect(explained.filter(({ headline, summary }) => !headline.endsWith(summary))).toEqual([]);
    // With a single KS there is no COOP to check.
    const coop = explained.filter(({ summary, firstStep }) => /coop|primary/iu.test(`${summary} ${firstStep}`));
    expect(scenarioNamed(scenario).defaults.kss === 1 ? coop : []).toEqual([]);
    // Every critical explanation names its consequence.
    expect(explained.filter(({ status, consequence }) => status === 'critical' && consequence === null)).toEqual([]);
  });

  test.each(['demo', 'tek-loss', 'legacy-ks'] as const)(
    'of %s, polled as often as the demo does, never leave out what a device shows',
    async (scenario) => {
      const often = { scenario, logs: true, pollInterval: '10s', devicesEachLook: true } as const;
      expect([...(await headlinesOf(often, 6)).contradictions]).toEqual([]);
    },
  );

  test('are those shown in docs/incidents-by-scenario.md (npm run goldens writes it)', () => {
    const generated = partOfSections(PAGE, WATCHED, sections);
    expect(partOf(PAGE, generated)).toBe(generated);
  });
});

function sectionOf(scenario: ScenarioName, headlines: readonly Headline[]): string {
  const { description } = scenarioNamed(scenario);
  const groups = [...new Set(headlines.map(({ group }) => group))].toSorted();
  const tables = groups.map((group) => {
    const rows = headlines.filter((headline) => headline.group === group).map(rowOf);
    return table(['after', 'status', 'said', 'what follows', 'first step'], rows);
  });
  return [`## ${scenario}`, description, ...tables].join('\n\n');
}

function rowOf(headline: Headline): readonly string[] {
  const { atSeconds, status, summary, first } = headline;
  return [
    durationText(atSeconds),
    `${status} (${nameOf(headline).split(' ')[0] ?? ''})`,
    summary,
    followingOf(first),
    first?.firstStep ?? '',
  ];
}

function followingOf(first: Headline['first']): string {
  if (first === null) return '';
  const { consequence, deadlineMs, knownAtMs } = first;
  const at = (ms: number) => `${durationText((ms - START_MS) / 1000)} after the start`;
  const parts = [
    ...(consequence === null
      ? []
      : [
          `${consequence.what}${deadlineMs === null ? '' : `, ${at(deadlineMs)}`}${consequence.unless === null ? '' : `, unless ${consequence.unless}`}`,
        ]),
    ...(knownAtMs === null ? [] : [`known ${at(knownAtMs)}`]),
  ];
  return parts.join('; ');
}
