import { DocumentBuilder } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Config } from '../../../config/index.js';
import { guide } from './guide.js';
import { descriptionOfTopic } from '../../http/responses/topic.decorator.js';
import type { Operation } from './types.js';

/** What the groups of operations are about; those that no operation names are left out. */
const TAGS: Readonly<Record<string, string>> = {
  Authentication: 'Registration, sign-in and sign-out, and the keys that verify access tokens.',
  Sessions: 'List and end your sessions.',
  'E-mail and password': 'Verify an e-mail address, and reset a lost password.',
  'Two-step sign-in': 'Codes from an authenticator app (RFC 6238) as a second step.',
  'API keys': 'Credentials for programs.',
  Users: 'Your own account; for administrators, all accounts.',
  Products: 'The catalogue: products and their prices.',
  Stock: 'Stock levels of products, and their movements.',
  Audit: 'Who did what, and when.',
  Orders: 'Customer orders: they reserve stock until they are shipped, cancelled or expired.',
  Webhooks: 'Endpoints that receive events, and their deliveries.',
  Operations: 'Health checks and metrics.',
  Documentation: 'This document, and an index of the service.',
};

export const BEARER = 'bearer';

export function overview({ http }: Config): Omit<OpenAPIObject, 'paths'> {
  return new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Stockroom API')
    .setDescription(guide(http.publicUrl))
    .setVersion(packageJson.version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(http.publicUrl, 'This service')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'The access token from `POST /v1/auth/login`.',
      },
      BEARER,
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'A key from `POST /v1/api-keys`, accepted wherever an access token is.',
      },
      'api_key',
    )
    .build();
}

/** The tags that operations name, the described ones first and in their order. */
export function tagsOf(operations: readonly Operation[]): OpenAPIObject['tags'] {
  const used = new Set(operations.flatMap(({ tags }) => tags ?? []));
  const names = [
    ...Object.keys(TAGS).filter((name) => used.has(name)),
    ...[...used].filter((name) => !(name in TAGS)),
  ];
  return names.map((name) => {
    const description = TAGS[name] ?? descriptionOfTopic(name);
    return { name, ...(description !== undefined && { description }) };
  });
}
