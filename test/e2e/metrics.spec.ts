import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/built-service.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
afterEach(() => app.close());

const TEXT = /^text\/plain; version=0\.0\.4/;

describe('GET /metrics', () => {
  it('answers in the text format of Prometheus, to anybody, never to be stored', async () => {
    app = await startTestApp();
    const { status, headers, text } = await app.anonymous.get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(TEXT);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^# TYPE stockroom_product_cache_total counter$/m);
  });

  it('tells how deep and how old the job queue is', async () => {
    app = await startTestApp();
    await app.dataSource.query(
      `SELECT graphile_worker.add_job('nobody.does_this', run_at := now() - interval '100 seconds')`,
    );
    const { text } = await app.anonymous.get('/metrics');
    expect(text).toMatch(/^stockroom_jobs_due [1-9]\d*$/m);
    expect(Number(/^stockroom_jobs_oldest_due_seconds (.+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(100);
    expect(text).toMatch(/^stockroom_jobs_given_up 0$/m);
  });

  it('is on METRICS_PORT, and only there, where that is set', async () => {
    const port = String(await freePort());
    app = await startTestApp({ METRICS_PORT: port });
    expect((await app.anonymous.get('/metrics')).status).toBe(404);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.headers.get('content-type')).toMatch(TEXT);
    expect(await response.text()).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect((await fetch(`http://127.0.0.1:${port}/v1/products`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404);
  });
});
