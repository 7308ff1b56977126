import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn } from 'class-validator';
import { SCOPES } from '../../../config/scopes.js';
import type { Scope } from '../../../config/scopes.js';
import { IsFuture, IsText, IsTimestamp, NullableField } from '../../http/validation/fields.js';
import { prefixOf } from './api-key-text.js';
import type { ListedApiKey } from './api-keys.repository.js';

export class CreateApiKeyDto {
  /**
   * A label to recognise it by.
   * @example "Nightly price import"
   */
  @IsText(1, 100)
  name: string;

  /** What it may do: a subset of your own scopes. */
  @ApiProperty({
    enum: SCOPES,
    isArray: true,
    minItems: 1,
    maxItems: SCOPES.length,
    uniqueItems: true,
    example: ['products:read'],
  })
  @IsIn(SCOPES, { each: true, message: `each of $property must be one of ${SCOPES.join(' ')}` })
  @ArrayUnique({ message: '$property must list each scope once' })
  @ArrayMaxSize(SCOPES.length, { message: `$property must have at most ${SCOPES.length} scopes` })
  @ArrayMinSize(1, { message: '$property must have at least one scope' })
  @IsArray({ message: '$property must be a list of scopes' })
  scopes: Scope[];

  /**
   * When it expires; null or absent: never.
   * @example "2036-03-01T09:30:00.000Z"
   */
  @IsFuture()
  @IsTimestamp()
  @NullableField()
  expires_at?: string | null;
}

export class ApiKeyResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "Nightly price import" */
  name: string;

  /** What it may do, as far as your role allows that. */
  @ApiProperty({ enum: SCOPES, isArray: true, example: ['products:read'] })
  scopes: Scope[];

  /**
   * The start of the key, to recognise it by.
   * @example "sr_0198c0de7a117b3c9d4e5f60718293a4"
   */
  prefix: string;

  /** @example "2036-03-01T09:30:00.000Z" */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  expires_at: string | null;

  /**
   * Exact to a minute; null if never used.
   * @example "2026-03-01T09:45:00.000Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  last_used_at: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  static from(key: ListedApiKey): ApiKeyResponse {
    return {
      id: key.id,
      name: key.name,
      scopes: key.scopes,
      prefix: prefixOf(key.id),
      expires_at: key.expiresAt?.toISOString() ?? null,
      last_used_at: key.lastUsedAt?.toISOString() ?? null,
      created_at: key.createdAt.toISOString(),
    };
  }
}

export class CreatedApiKeyResponse extends ApiKeyResponse {
  /**
   * Send it as `X-API-Key`. It is shown once: store it like a password.
   * @example "sr_0198c0de7a117b3c9d4e5f60718293a4_9Wm3cTqk0y7Qn4Yw2s9lsXv1bZr5uEoPjKdGhA8tLfU"
   */
  key: string;

  static override from(created: ListedApiKey & { key: string }): CreatedApiKeyResponse {
    return { ...ApiKeyResponse.from(created), key: created.key };
  }
}
