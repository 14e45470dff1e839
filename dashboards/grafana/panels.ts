/**
 * The kinds of panels, with what all dashboards share: size, legend, colours, what stands there when there is nothing.
 */
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  GraphThresholdsStyleConfigBuilder,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Target } from './links.ts';
import { asRows, DATA_SOURCE, type Line, now, overTime, refId } from './query.ts';

export type Panel = StatBuilder | StateTimelineBuilder | TableBuilder | TimeSeriesBuilder;

/** The grid is 24 wide. */
type Width = 3 | 4 | 6 | 8 | 12 | 16 | 24;

interface Described {
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  readonly width: Width;
  readonly unit: string;
  /** What stands there when the query gives nothing. */
  readonly empty?: string;
  readonly steps?: readonly Threshold[];
}

/** Colours by value; the first step has no lower end. */
export const NEUTRAL: readonly Threshold[] = [{ value: null, color: 'text' }];
export const BAD_ABOVE_ZERO: readonly Threshold[] = [
  { value: null, color: 'green' },
  { value: 1, color: 'red' },
];
export const WARN_ABOVE_ZERO: readonly Threshold[] = [
  { value: null, color: 'green' },
  { value: 1, color: 'orange' },
];
export const GOOD_FROM_ONE: readonly Threshold[] = [
  { value: null, color: 'red' },
  { value: 1, color: 'green' },
];
/**
 * A KS sends the KEK rekey 200 s or more before the expiry (IOS 15.2(1)T, IOS XE 3.5S): with less left it was missed.
 */
const KEK_REKEY_LEAD_SECONDS = 200;
export const KEK_LIFE: readonly Threshold[] = [
  { value: null, color: 'red' },
  { value: KEK_REKEY_LEAD_SECONDS, color: 'green' },
];

const DAY_SECONDS = 86_400;
/** As the alert has it. */
export const CERTIFICATE_LIFE: readonly Threshold[] = [
  { value: null, color: 'red' },
  { value: 7 * DAY_SECONDS, color: 'orange' },
  { value: 30 * DAY_SECONDS, color: 'green' },
];

function thresholds(steps: readonly Threshold[] = NEUTRAL): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);
}

/** Texts and colours for values, in their order. */
export function states(
  ...texts: readonly (readonly [value: number, text: string, color: string])[]
): readonly ValueMapping[] {
  const options = texts.map(([value, text, color], index) => [String(value), { text, color, index }] as const);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}

export const YES_OR_NO = states([1, 'yes', 'green'], [0, 'no', 'red']);

/** One figure, coloured by its thresholds. */
export function stat(
  panel: Described & { readonly expr: string; readonly mappings?: readonly ValueMapping[]; readonly decimals?: number },
): StatBuilder {
  const builder = new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .targets(now([{ expr: panel.expr, legend: panel.title }]))
    .unit(panel.unit)
    .noValue(panel.empty ?? 'not known')
    .thresholds(thresholds(panel.steps))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mappings([...(panel.mappings ?? [])])
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .height(4)
    .span(panel.width);
  return panel.decimals === undefined ? builder : builder.decimals(panel.decimals);
}

interface Chart extends Described {
  readonly lines: readonly Line[];
  readonly link?: Target;
}

/** Lines over time; thresholds are drawn as dashed lines. */
export function timeSeries(panel: Chart): TimeSeriesBuilder {
  return chart(panel)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        panel.steps === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed,
      ),
    );
}

/** What was counted in each interval, stacked. */
export function bars(panel: Chart): TimeSeriesBuilder {
  return chart(panel)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}

function chart(panel: Chart): TimeSeriesBuilder {
  const builder = new TimeSeriesBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .targets(overTime(panel.lines))
    .unit(panel.unit)
    .min(0)
    .noValue(panel.empty ?? 'no data')
    .thresholds(thresholds(panel.steps))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .height(8)
    .span(panel.width);
  return panel.link === undefined
    ? builder
    : builder.dataLinks([dataLink(panel.link, '${__field.labels.', ':percentencode}')]);
}

/** States over time, a line for each. */
export function stateTimeline(
  panel: Omit<Chart, 'unit' | 'steps'> & { readonly mappings: readonly ValueMapping[]; readonly height?: number },
): StateTimelineBuilder {
  const builder = new StateTimelineBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .targets(overTime(panel.lines))
    .unit('none')
    .noValue(panel.empty ?? 'no data')
    .mappings([...panel.mappings])
    .thresholds(thresholds())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .height(panel.height ?? 8)
    .span(panel.width);
  return panel.link === undefined
    ? builder
    : builder.dataLinks([dataLink(panel.link, '${__field.labels.', ':percentencode}')]);
}

/** A column of values; each is a query of its own. */
export interface Column {
  readonly name: string;
  readonly expr: string;
  readonly unit: string;
  readonly steps?: readonly Threshold[];
  readonly mappings?: readonly ValueMapping[];
}

/** A row for each combination of labels, a column for each label and each query. */
export function table(
  panel: Omit<Described, 'unit' | 'steps'> & {
    readonly columns: readonly Column[];
    /** Of the labels, from left to right. */
    readonly labels: readonly string[];
    /** Where the texts of a label lead to. */
    readonly links?: Readonly<Record<string, Target>>;
    /** Columns without meaning to the reader: the value of a constant, a label that only a link needs. */
    readonly hidden?: readonly string[];
    readonly height?: number;
  },
): TableBuilder {
  const { columns } = panel;
  // A single query calls its column `Value`; several are told apart by their letter.
  const valueField = (index: number) => (columns.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const builder = new TableBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .targets(asRows(columns.map(({ expr }) => expr)))
    .unit('none')
    .noValue(panel.empty ?? 'none')
    .thresholds(thresholds())
    .filterable(true)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(
          [...panel.labels, ...columns.map((_, index) => valueField(index))].map((name, index) => [name, index]),
        ),
        renameByName: Object.fromEntries(columns.map(({ name }, index) => [valueField(index), name])),
      },
    })
    .height(panel.height ?? 8)
    .span(panel.width);
  for (const { name, unit, steps, mappings } of columns) {
    builder.overrideByName(name, [
      { id: 'unit', value: unit },
      ...(mappings === undefined ? [] : [{ id: 'mappings', value: mappings }]),
      ...(steps === undefined
        ? []
        : [
            { id: 'thresholds', value: { mode: 'absolute', steps } },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          ]),
    ]);
  }
  for (const [label, target] of Object.entries(panel.links ?? {})) {
    builder.overrideByName(label, [
      { id: 'links', value: [dataLink(target, '${__data.fields.', ':percentencode}').build()] },
    ]);
  }
  for (const name of panel.hidden ?? []) builder.overrideByName(name, [{ id: 'custom.hidden', value: true }]);
  return builder;
}

function dataLink({ title, url }: Target, before: string, after: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).url(url((label) => `${before}${label}${after}`)).targetBlank(false);
}
