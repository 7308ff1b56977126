import { Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../../http/access/access.decorators.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsObject, ReturnsRedirect } from '../../http/responses/returns.decorators.js';
import { CurrentDevice } from '../sessions/device.js';
import type { Device } from '../sessions/device.js';
import { TokensResponse } from '../sessions/tokens.dto.js';
import { FlowCookie } from './flow-cookie.js';
import { BeginOidcQuery, ExchangeOidcCodeDto } from './oidc.dto.js';
import { OidcGuard } from './oidc.guard.js';
import { OidcService } from './oidc.service.js';

@ApiTags('Authentication')
@Controller('v1/auth/oidc')
@UseGuards(OidcGuard)
export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly cookie: FlowCookie,
  ) {}

  @Get('login')
  @Public()
  @ReturnsRedirect('To the identity provider, with a cookie that the callback needs.')
  @Problems('not_found')
  @ApiOperation({
    summary: 'Sign in with the identity provider',
    description: 'For browsers. Returns `404` if no identity provider is set up (`OIDC_ISSUER`).',
  })
  async beginOidcSignIn(@Query() query: BeginOidcQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    const { location, flow } = await this.oidc.begin(query.return_to);
    this.cookie.write(reply, flow);
    return { location };
  }

  @Get('callback')
  @Public()
  @BruteForceLimit('oidc', { factor: 10 })
  @ReturnsRedirect(
    'To `return_to`, with a `code`, or an `error` and its `error_description`.',
    TokensResponse,
  )
  @Problems('invalid_credentials', 'mfa_required', 'email_not_verified', 'not_found')
  @ApiQuery({ name: 'code', required: false, description: 'The code from the identity provider.' })
  @ApiQuery({ name: 'state', required: false, description: 'The state of the sign-in.' })
  @ApiQuery({ name: 'iss', required: false, description: 'The identity provider (RFC 9207).' })
  @ApiQuery({ name: 'error', required: false, description: 'The reason if there is no code.' })
  @ApiOperation({
    summary: 'Return from the identity provider',
    description:
      'Do not call it: the identity provider sends browsers here. Without `return_to`, it returns the tokens.',
  })
  finishOidcSignIn(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @CurrentDevice() device: Device,
  ) {
    const flow = this.cookie.take(request, reply);
    return this.oidc.finish(queryOf(request), flow, device);
  }

  @Post('tokens')
  @Public()
  @BruteForceLimit('oidc', { factor: 10 })
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials', 'mfa_required', 'not_found')
  @ApiOperation({
    summary: 'Exchange a sign-in code for tokens',
    description: 'Starts the session of the user who returned to `return_to` with this code.',
  })
  exchangeOidcCode(@Body() { code }: ExchangeOidcCodeDto, @CurrentDevice() device: Device) {
    return this.oidc.exchange(code, device);
  }
}

/** As it came: what is repeated in it, is refused. */
function queryOf({ url }: FastifyRequest): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}
