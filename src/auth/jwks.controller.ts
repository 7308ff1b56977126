import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access/access.decorators.js';
import { ReturnsDocument } from '../common/responses/returns.decorators.js';
import { AccessTokensService } from './access-tokens.service.js';

@ApiTags('Authentication')
@Controller('.well-known/jwks.json')
export class JwksController {
  constructor(private readonly tokens: AccessTokensService) {}

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
  @ApiOperation({
    summary: 'Get the public keys',
    description: 'The JWK set (RFC 7517) that verifies access tokens.',
  })
  getKeys() {
    return this.tokens.publicKeys();
  }
}
