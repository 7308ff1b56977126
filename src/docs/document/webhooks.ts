import type { OpenAPIObject } from '@nestjs/swagger';
import type { Parameter, Schema } from './types.js';

const header = (name: string, description: string, example: string): Parameter => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
  example,
});

const nullable = (type: string, extra: Schema = {}): Schema => ({ type: [type, 'null'] as never, ...extra });

const DATA: Schema = {
  type: 'object',
  description: 'The event, as in the audit log.',
  properties: {
    id: { type: 'string', format: 'uuid' },
    position: { type: 'integer', description: 'The order of events.' },
    actor_type: { type: 'string', enum: ['user', 'api_key', 'system'] },
    actor_id: nullable('string', { format: 'uuid' }),
    resource_type: { type: 'string' },
    resource_id: nullable('string', { format: 'uuid' }),
    changes: nullable('object', { description: '`{field: [before, after]}`' }),
    details: nullable('object'),
    trace_id: nullable('string'),
    created_at: { type: 'string', format: 'date-time' },
    truncated: {
      type: 'boolean',
      description: 'The message would have been 20 kB or more, so changes and details are missing.',
    },
  },
};

const EXAMPLE = {
  type: 'stock.depleted',
  timestamp: '2026-03-01T09:30:00.000Z',
  data: {
    id: '0198c0de-7a11-7b3c-9d4e-5f60718293a6',
    position: 4711,
    actor_type: 'user',
    actor_id: '0198c0de-7a11-7b3c-9d4e-5f60718293a4',
    resource_type: 'stock',
    resource_id: '0198c0de-7a11-7b3c-9d4e-5f60718293a5',
    changes: { available: [3, 0] },
    details: null,
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    created_at: '2026-03-01T09:30:00.000Z',
    truncated: false,
  },
};

/** What webhook endpoints are sent. */
export const WEBHOOKS: NonNullable<OpenAPIObject['webhooks']> = {
  event: {
    post: {
      operationId: 'receiveEvent',
      summary: 'Receive an event',
      description:
        'Sent to the webhook endpoints that list its type, signed as in Standard Webhooks, until the response is 2xx.' +
        ' It may arrive more than once, and out of order.',
      tags: ['Webhooks'],
      security: [],
      parameters: [
        header('webhook-id', 'The same for every attempt.', 'msg_0198c0de-7a11-7b3c-9d4e-5f60718293a4'),
        header('webhook-timestamp', 'When it was sent, in seconds since 1970.', '1772357400'),
        header(
          'webhook-signature',
          'Made with the secret and, for a day after a rotation, the previous one; separated by spaces.',
          'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['type', 'timestamp', 'data'],
              properties: {
                type: { type: 'string' },
                timestamp: { type: 'string', format: 'date-time', description: 'When it happened.' },
                data: DATA,
              },
            },
            example: EXAMPLE,
          },
        },
      },
      responses: {
        '2XX': { description: 'You received it.' },
        '410': { description: 'Stop sending: the endpoint is disabled.' },
      },
    },
  },
};
