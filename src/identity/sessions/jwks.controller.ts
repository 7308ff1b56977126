import { createHash } from 'node:crypto';
import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../http/access/access.decorators.js';
import { matchesEtag } from '../../http/responses/etag.js';
import { ReturnsDocument } from '../../http/responses/returns.decorators.js';
import { AccessTokensService } from './access-tokens.service.js';

@ApiTags('Authentication')
@Controller('.well-known/jwks.json')
export class JwksController {
  private readonly keySet: { keys: object[] };
  /** Of the content, hence the same on every instance. */
  private readonly etag: string;

  constructor(tokens: AccessTokensService) {
    this.keySet = tokens.publicKeys();
    const hash = createHash('sha256').update(JSON.stringify(this.keySet)).digest('base64url');
    this.etag = `"${hash.slice(0, 22)}"`;
  }

  @Get()
  @Public()
  @Header('Cache-Control', 'public, max-age=300')
  @ReturnsDocument('application/json', {
    keys: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'T0xjpxE0WmvwS6B2xxZ1fdfilIZrh5hruUrxPXYPAsc',
        y: 'sTRoqanriLeTi-4MCN5m6XaayJuIpncGv6cYlAGpFnQ',
        kid: '3c84b8b0-e2bf-4586-9957-ffe0771c5d30',
        alg: 'ES256',
        use: 'sig',
      },
    ],
  })
  @ApiHeader({ name: 'If-None-Match' })
  @ApiResponse({ status: 304, description: 'You have the current keys; there is no body.' })
  @ApiOperation({
    summary: 'Get the public keys',
    description:
      'The JWK set (RFC 7517) that verifies access tokens. A new key is published before it signs, for longer than caches keep the set.',
  })
  getKeys(@Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    reply.header('etag', this.etag);
    if (!matchesEtag(headers['if-none-match'] ?? '', this.etag)) return this.keySet;
    reply.code(304);
    return undefined;
  }
}
