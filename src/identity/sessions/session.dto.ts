import { ApiProperty } from '@nestjs/swagger';
import type { ListedSession } from './sessions.repository.js';

/** A session of another user, so without `current`. */
export class UserSessionResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The address of the sign-in.
   * @example "203.0.113.7"
   */
  @ApiProperty({ type: 'string', nullable: true })
  ip: string | null;

  /** @example "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0" */
  @ApiProperty({ type: 'string', nullable: true })
  user_agent: string | null;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When its tokens were last refreshed.
   * @example "2026-03-01T09:45:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  last_used_at: string;

  static from(session: ListedSession): UserSessionResponse {
    return {
      id: session.id,
      ip: session.ip,
      user_agent: session.userAgent,
      created_at: session.createdAt.toISOString(),
      last_used_at: session.lastUsedAt.toISOString(),
    };
  }
}

export class SessionResponse extends UserSessionResponse {
  /** Whether this is the session of this request. */
  @ApiProperty({ example: true })
  current: boolean;

  static override from(session: ListedSession & { current: boolean }): SessionResponse {
    return { ...UserSessionResponse.from(session), current: session.current };
  }
}
