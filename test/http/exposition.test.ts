/** What a scrape asks for, and the same lines as OpenMetrics has them. */
import { once } from 'node:events';
import { get as request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asOpenMetrics, formAskedFor } from '../../src/http/routes/exposition.ts';
import { serve } from './served.ts';

/** As Prometheus 2.45 and 3.x send it. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

describe('a scrape', () => {
  test.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'text'],
    [PROMETHEUS, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; version=1.0.0; q=0.4, text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=x, text/plain', 'text'],
  ])('that accepts %s gets %s', (accept, format) => {
    expect(formAskedFor({ accept }).format).toBe(format);
  });

  test.each([
    [undefined, false],
    ['identity', false],
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['br;q=1.0, *;q=0.1', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
  ])('with the encoding %s is compressed: %s', (encoding, gzip) => {
    expect(formAskedFor({ 'accept-encoding': encoding }).gzip).toBe(gzip);
  });

  test('may ask for anything', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (accept, encoding) => {
        expect(['text', 'openmetrics']).toContain(formAskedFor({ accept, 'accept-encoding': encoding }).format);
      }),
    );
  });
});

test('OpenMetrics has the same samples, families of counters without _total, and nothing blank', () => {
  const text = [
    '# HELP gdoi_polls_total Polls, "ok" and others\\nby result.',
    '# TYPE gdoi_polls_total counter',
    'gdoi_polls_total{result="ok",text="# TYPE x_total counter"} 7',
    '',
    '# HELP gdoi_device_up 1 it answers.',
    '# TYPE gdoi_device_up gauge',
    'gdoi_device_up{device="gm1"} 1',
    '',
  ].join('\n');
  expect(asOpenMetrics(text).split('\n')).toEqual([
    String.raw`# HELP gdoi_polls Polls, \"ok\" and others\nby result.`,
    '# TYPE gdoi_polls counter',
    'gdoi_polls_total{result="ok",text="# TYPE x_total counter"} 7',
    '# HELP gdoi_device_up 1 it answers.',
    '# TYPE gdoi_device_up gauge',
    'gdoi_device_up{device="gm1"} 1',
    '',
  ]);
});

async function answerTo(url: string, headers: Readonly<Record<string, string>>) {
  const sent = request(`${url}/metrics`, { headers });
  const [response]: [IncomingMessage] = (await once(sent, 'response')) as [IncomingMessage];
  return { headers: response.headers, body: await buffer(response) };
}

describe('/metrics', () => {
  const LINES = Array.from({ length: 20_000 }, (_, n) => `gdoi_device_up{device="gm${n}"} 1\n`).join('');

  test('is compressed and in OpenMetrics on request, and marks its end', async () => {
    await using served = await serve({ deviceMetrics: () => [LINES, LINES.replaceAll('gm', 'ks')] });
    const plain = await answerTo(served.url, {});
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(`gdoi_build_info 1\n${LINES}${LINES.replaceAll('gm', 'ks')}`);
    const asked = await answerTo(served.url, { accept: PROMETHEUS, 'accept-encoding': 'gzip' });
    expect(asked.headers).toMatchObject({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      vary: 'accept, accept-encoding',
    });
    expect(asked.body.length).toBeLessThan(plain.body.length / 4);
    expect(gunzipSync(asked.body).toString()).toBe(`${plain.body.toString()}# EOF\n`);
  });

  test('that is not read to its end leaves nothing behind, compressed or not', async () => {
    await using served = await serve({ deviceMetrics: () => Array.from({ length: 40 }, () => LINES) });
    for (const encoding of ['gzip', 'identity']) {
      // A connection of its own: on a slow machine the whole answer is there by then, and the next request would take over one
      // that is being broken off.
      const sent = request(`${served.url}/metrics`, { agent: false, headers: { 'accept-encoding': encoding } });
      const [response]: [IncomingMessage] = (await once(sent, 'response')) as [IncomingMessage];
      await once(response, 'data');
      response.destroy();
      expect((await answerTo(served.url, {})).body.length).toBeGreaterThan(40 * LINES.length);
    }
  });
});
