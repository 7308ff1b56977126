import { DocumentBuilder } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Config } from '../../../config/index.js';
import { guide } from './guide.js';
import { descriptionOfTopic } from '../../http/responses/topic.decorator.js';
import type { Operation } from './types.js';

/** What the groups of operations are about; those that no operation names are left out. */
const TAGS: Readonly<Record<string, string>> = {
  Authentication: 'Registering, signing in and out, and the keys that verify access tokens.',
  Sessions: 'Where you are signed in, and ending that.',
  'E-mail and password': 'Proving that an address is yours, and a new password for a lost one.',
  'Two-step sign-in': 'Codes of an authenticator app (RFC 6238) as a second step.',
  'API keys': 'Credentials for programs.',
  Users: 'Your own account, and everybody’s for administrators.',
  Products: 'The catalogue: what there is to sell, at which price.',
  Stock: 'How much there is of a product, and what came and went.',
  Audit: 'Who did what, and when.',
  Orders: 'What customers ask for: it holds the stock until it is paid and shipped, or given up.',
  Webhooks: 'Where to tell of events, and what became of that.',
  Operations: 'Whether the service lives, and whether it can do its work.',
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
        description: 'The access token of `POST /v1/auth/login`.',
      },
      BEARER,
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'A key of `POST /v1/api-keys`, good wherever an access token is.',
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
