/** The checks behind a verdict, those that need a look first; passed checks are collapsed. */
import { durationText } from '../gdoi/events/duration-text.ts';
import { type CheckName, HEALTH_STATUSES } from '../gdoi/health/health-check.ts';
import type { DeviceDocument } from '../http/schemas/device-schema.ts';
import { Fragment, type VNode } from 'preact';
import { Column } from './column.tsx';
import { StatusMark } from './status-mark.tsx';

type Check = DeviceDocument['health']['checks'][number];

/** Checks whose values are in seconds. */
const IN_SECONDS: ReadonlySet<CheckName> = new Set([
  'fresh',
  'kek_remaining',
  'tek_remaining',
  'rekey_duration',
  'certificates',
]);

export function ChecksTable({ checks }: { readonly checks: readonly Check[] }): VNode {
  const sorted = checks.toSorted((a, b) => HEALTH_STATUSES.indexOf(b.status) - HEALTH_STATUSES.indexOf(a.status));
  return (
    <table class="checks" role="table">
      <caption class="visually-hidden">Checks, those that need a look first</caption>
      <thead role="rowgroup">
        <tr role="row">
          <Column>Status</Column>
          <Column>Check</Column>
          <Column>What</Column>
          <Column class="n">Value</Column>
          <Column class="n">Threshold</Column>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {sorted.map((check) => (
          <tr role="row" key={`${check.name} ${check.group ?? ''}`} class={`row ${check.status}`}>
            <td role="cell" class="c-status">
              <StatusMark status={check.status} />
            </td>
            <th role="rowheader" scope="row" class="c-name">
              {check.name.replaceAll('_', ' ')}
            </th>
            <td role="cell" class="c-what">
              <bdi>{check.detail}</bdi>
              {check.action !== null && check.status !== 'ok' && (
                <Fragment>
                  <br />
                  <span class="faint">
                    First step: <bdi>{check.action}</bdi>
                  </span>
                </Fragment>
              )}
            </td>
            <td role="cell" class="n c-value" data-label="value ">
              {figure(check.name, check.value)}
            </td>
            <td role="cell" class="n c-threshold" data-label="threshold ">
              {figure(check.name, check.threshold)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function figure(name: CheckName, value: Check['value']): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' && IN_SECONDS.has(name) ? durationText(value) : String(value);
}

export function FirstStep({ action }: { readonly action: string | null }): VNode | false {
  return (
    action !== null && (
      <p class="first-step">
        <strong>First step:</strong> <bdi>{action}</bdi>
      </p>
    )
  );
}
