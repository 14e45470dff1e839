/**
 * The form of a scrape's answer: the Prometheus text format or OpenMetrics, plain or compressed, as the scraper asks.
 * OpenMetrics is the same lines with other names: a counter's family has no `_total`, there are no blank lines, and the
 * end is marked, so that half an answer is recognised.
 */

export interface ExpositionForm {
  readonly format: 'text' | 'openmetrics';
  readonly gzip: boolean;
}

export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Readonly<Record<ExpositionForm['format'], string>>;

/** The end of an exposition; empty in the text format. */
export const ENDS = { text: '', openmetrics: '# EOF\n' } as const;

/** The form that `accept` and `accept-encoding` ask for; absent: the plain text format. */
export function formAskedFor(headers: {
  readonly accept?: string | undefined;
  readonly 'accept-encoding'?: string | string[] | undefined;
}): ExpositionForm {
  const accepted = weights(headers.accept ?? '');
  const openMetrics = accepted.get('application/openmetrics-text') ?? 0;
  const text = accepted.get('text/plain') ?? accepted.get('text/*') ?? accepted.get('*/*') ?? 0;
  const encodings = weights([headers['accept-encoding'] ?? []].flat().join(','));
  return {
    format: openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text',
    gzip: (encodings.get('gzip') ?? encodings.get('*') ?? 0) > 0,
  };
}

/** Name -> the largest weight it is asked with (RFC 9110, 12.4.2); other parameters are ignored. */
function weights(header: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const item of header.slice(0, 4096).split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const value = weight === undefined ? 1 : Number(weight);
    if (name !== '' && value >= 0) found.set(name, Math.max(found.get(name) ?? 0, value));
  }
  return found;
}

/** `# HELP gdoi_polls_total Polls by result.` */
const METADATA = /^# (HELP|TYPE) (\S{1,200}) (.*)$/gm;
const BLANK_LINES = /\n{2,}/g;

/** Converts whole lines of the text format to OpenMetrics. */
export function asOpenMetrics(text: string): string {
  return text.replaceAll(BLANK_LINES, '\n').replaceAll(METADATA, (_line, kind: string, name: string, rest: string) => {
    const family = name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
    return `# ${kind} ${family} ${kind === 'HELP' ? rest.replaceAll('"', String.raw`\"`) : rest}`;
  });
}
