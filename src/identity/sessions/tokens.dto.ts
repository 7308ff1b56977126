import { ApiProperty } from '@nestjs/swagger';

/** RFC 6749, 5.1. */
export class TokensResponse {
  /**
   * A JWT (RFC 9068) to send as `Authorization: Bearer ...`.
   * @example "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk4YzBkZSJ9.c2lnbmF0dXJl"
   */
  access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';

  /**
   * Seconds until the access token expires.
   * @example 900
   */
  @ApiProperty({ type: 'integer' })
  expires_in: number;

  /**
   * Works for one refresh, which returns the next one.
   * @example "rt_AZjA3noRezydTl9gcYKTpLZ8Hn4K0o8q2d1m0yT0bFf2vJ7cX5sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5zX8cVg"
   */
  refresh_token: string;

  /**
   * What the token may do, separated by spaces.
   * @example "products:read orders:read orders:write"
   */
  scope: string;

  static from(tokens: TokensResponse): TokensResponse {
    return {
      access_token: tokens.access_token,
      token_type: tokens.token_type,
      expires_in: tokens.expires_in,
      refresh_token: tokens.refresh_token,
      scope: tokens.scope,
    };
  }
}
