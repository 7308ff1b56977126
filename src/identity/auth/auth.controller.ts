import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { Public } from '../../http/access/access.decorators.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { byEmail, BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsCreated, ReturnsNothing, ReturnsObject } from '../../http/responses/returns.decorators.js';
import { CurrentDevice } from '../sessions/device.js';
import type { Device } from '../sessions/device.js';
import { SessionTokensService } from '../sessions/session-tokens.service.js';
import { TokensResponse } from '../sessions/tokens.dto.js';
import { RegisterDto, UserResponse } from '../users/user.dto.js';
import { ConfirmLoginDto, LoginDto, RefreshTokenDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { bySession } from './by-session.js';

@ApiTags('Authentication')
@Controller('v1/auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly tokens: SessionTokensService,
  ) {}

  @Post('register')
  @Public()
  @BruteForceLimit('register', { account: byEmail })
  @Idempotent()
  @ReturnsCreated(UserResponse, '/v1/users')
  @Problems('duplicate_email')
  @ApiOperation({ summary: 'Register', description: 'Creates an account with the role `customer`.' })
  register(@Body() dto: RegisterDto) {
    return this.auth.register(dto);
  }

  @Post('login')
  @Public()
  @BruteForceLimit('login', { account: byEmail })
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials', 'mfa_required')
  @ApiOperation({
    summary: 'Sign in',
    description:
      'Starts a session. The access token lasts 15 minutes; use the refresh token to get the next one.',
  })
  login(@Body() dto: LoginDto, @CurrentDevice() device: Device) {
    return this.auth.login(dto, device);
  }

  @Post('login/confirm')
  @Public()
  @BruteForceLimit('login_confirm')
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials')
  @ApiOperation({
    summary: 'Complete a two-step sign-in',
    description: 'For accounts with two-step sign-in: send the token from `mfa_required`, and a code.',
  })
  confirmLogin(@Body() dto: ConfirmLoginDto, @CurrentDevice() device: Device) {
    return this.auth.confirmLogin(dto, device);
  }

  @Post('refresh')
  @Public()
  @BruteForceLimit('refresh', { account: bySession, factor: 10 })
  @ReturnsObject(TokensResponse)
  @Problems('invalid_credentials')
  @ApiOperation({
    summary: 'Refresh the tokens',
    description: 'Replaces the refresh token. Using one again ends its whole session.',
  })
  refresh(@Body() dto: RefreshTokenDto) {
    return this.tokens.refresh(dto.refresh_token);
  }

  @Post('logout')
  @Public()
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Sign out',
    description: 'Ends the session of the refresh token; its access tokens are refused within five seconds.',
  })
  logout(@Body() dto: RefreshTokenDto) {
    return this.tokens.endByToken(dto.refresh_token);
  }
}
