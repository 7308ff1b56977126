import type { DataSource } from 'typeorm';
import { vi } from 'vitest';
import { DeliveryEngine } from '../../src/webhooks/delivery-engine.service.js';
import { DeliveryQueueRepository } from '../../src/webhooks/delivery-queue.repository.js';
import type { AttemptResult } from '../../src/webhooks/delivery-queue.repository.js';
import type { ApiClient } from './api-client.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

export interface EndpointBody extends Record<string, unknown> {
  id: string;
  url: string;
  secret: string;
  is_active: boolean;
  disabled_reason: string | null;
}

export interface DeliveryBody extends Record<string, unknown> {
  id: string;
  event_id: string | null;
  event_type: string;
  status: string;
  attempts: {
    at: string;
    status_code: number | null;
    duration_ms: number;
    error: string | null;
    response_excerpt: string | null;
  }[];
  next_attempt_at: string | null;
}

/** Receivers of tests are on this machine, and speak http. */
export const PRIVATE_HOSTS = { WEBHOOK_ALLOW_PRIVATE_HOSTS: 'true' };

/** What a client sends to create an endpoint: the required fields, and these. It hears of nothing that tests do by the way. */
export const anEndpoint = (fields: object = {}) => ({
  url: 'https://shop.example.com/hook',
  event_types: ['import.failed'],
  ...fields,
});

/** Creates an endpoint over HTTP, and expects that to work. */
export async function createEndpoint(api: ApiClient, fields: object = {}): Promise<EndpointBody> {
  const { status, body, text } = await api.post<EndpointBody>('/v1/webhook-endpoints', anEndpoint(fields));
  if (status !== 201) throw new Error(`The endpoint was not created: ${status} ${text}`);
  return body;
}

export const endpointPath = (id: string) => `/v1/webhook-endpoints/${id}`;

export async function sendTest(api: ApiClient, endpointId: string): Promise<DeliveryBody> {
  const { status, body, text } = await api.post<DeliveryBody>(`${endpointPath(endpointId)}/test-events`);
  if (status !== 202) throw new Error(`There is no test: ${status} ${text}`);
  return body;
}

export async function getDelivery(api: ApiClient, id: string): Promise<DeliveryBody> {
  return (await api.get<DeliveryBody>(`/v1/webhook-deliveries/${id}`)).body;
}

/** A delivery, once so many attempts of it are written down. */
export async function attempted(api: ApiClient, id: string, times = 1): Promise<DeliveryBody> {
  let delivery = await getDelivery(api, id);
  await until(async () => {
    delivery = await getDelivery(api, id);
    return delivery.attempts.length >= times;
  });
  return delivery;
}

/** Spares a test the wait for the next attempts. */
export async function makeDue(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second' WHERE status = 'pending'`,
  );
}

/** The same, and nobody waits until the engine looks again by itself. */
export async function attemptAgain({ app, dataSource }: TestApp): Promise<void> {
  await makeDue(dataSource);
  app.get(DeliveryEngine).wake();
}

/** By how much `holdRetries` puts off what is tried again. */
export const HELD_MS = 60 * 60 * 1000;

/**
 * Until mocks are restored, what failed is tried again only when a test makes it due: on a slow machine, four seconds may
 * be over before its next line. @returns how attempts ended, as the service meant it
 */
export function holdRetries({ app }: TestApp): AttemptResult[] {
  const ended: AttemptResult[] = [];
  const queue = app.get(DeliveryQueueRepository);
  const finish = queue.finish.bind(queue);
  vi.spyOn(queue, 'finish').mockImplementation((tx, results) => {
    ended.push(...results);
    return finish(
      tx,
      results.map(({ wait_ms: wait, ...rest }) => ({
        ...rest,
        wait_ms: wait === null ? null : wait + HELD_MS,
      })),
    );
  });
  return ended;
}
