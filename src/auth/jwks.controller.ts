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
  @ReturnsDocument('application/json')
  @ApiOperation({
    summary: 'Get the public keys',
    description: 'The JWK set (RFC 7517) that verifies access tokens.',
  })
  getKeys() {
    return this.tokens.publicKeys();
  }
}
