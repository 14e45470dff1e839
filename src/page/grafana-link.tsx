/** Links to the dashboard of a group or a device (`dashboards/grafana/json`), with this agent in its own links. */
import type { VNode } from 'preact';
import type { Session } from './session.ts';

/** The same ids as in `dashboards/grafana/links.ts`. */
const DASHBOARDS = { group: 'gdoiwatch-group', device: 'gdoiwatch-device' } as const;

/** Nothing if no Grafana is configured. */
export function GrafanaLink({
  session,
  of,
  name,
}: {
  readonly session: Session;
  readonly of: keyof typeof DASHBOARDS;
  readonly name: string;
}): VNode | null {
  const base = session.agent?.grafana_url ?? null;
  if (base === null) return null;
  const variables = new URLSearchParams({ [`var-${of}`]: name, 'var-agent_url': window.location.origin });
  return (
    <p class="act">
      <a href={`${base}/d/${DASHBOARDS[of]}?${variables.toString()}`} target="_blank" rel="noopener">
        This {of} in Grafana
      </a>
    </p>
  );
}
