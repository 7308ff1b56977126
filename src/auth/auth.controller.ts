import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../common/access/access.decorators.js';
import { clientAddress } from '../common/context/client-address.js';
import { Problems } from '../common/problems/problems.decorator.js';
import { LimitsGuessing } from '../common/rate-limit/rate-limit.guard.js';
import { ReturnsCreated, ReturnsNothing, ReturnsObject } from '../common/responses/returns.decorators.js';
import { RegisterDto, UserResponse } from '../users/user.dto.js';
import { LoginDto, RefreshTokenDto, TokensResponse } from './auth.dto.js';
import { AuthService } from './auth.service.js';

@ApiTags('Authentication')
@Controller('v1/auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  @Public()
  @ReturnsCreated(UserResponse, '/v1/users')
  @Problems('duplicate_email')
  @ApiOperation({ summary: 'Register', description: 'Creates an account in the role `customer`.' })
  register(@Body() dto: RegisterDto) {
    return this.auth.register(dto);
  }

  @Post('login')
  @Public()
  @LimitsGuessing()
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials')
  @ApiOperation({
    summary: 'Sign in',
    description: 'Begins a session. The access token lasts 15 minutes; the refresh token gets the next one.',
  })
  login(@Body() dto: LoginDto, @Req() request: FastifyRequest) {
    return this.auth.login(dto, { ip: clientAddress(request), userAgent: request.headers['user-agent'] });
  }

  @Post('refresh')
  @Public()
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials')
  @ApiOperation({
    summary: 'Refresh the tokens',
    description: 'Replaces the refresh token. One that was used before ends its whole session.',
  })
  refresh(@Body() dto: RefreshTokenDto) {
    return this.auth.refresh(dto.refresh_token);
  }

  @Post('logout')
  @Public()
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Sign out',
    description: 'Ends the session of the refresh token; its access tokens are refused within five seconds.',
  })
  logout(@Body() dto: RefreshTokenDto) {
    return this.auth.logout(dto.refresh_token);
  }
}
