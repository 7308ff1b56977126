import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../../http/access/access.decorators.js';
import { byEmail, BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsAccepted, ReturnsNothing } from '../../http/responses/returns.decorators.js';
import { CurrentDevice } from '../sessions/device.js';
import type { Device } from '../sessions/device.js';
import { ConfirmPasswordResetDto, RequestPasswordResetDto } from './password-reset.dto.js';
import { PasswordResetsService } from './password-resets.service.js';

@ApiTags('E-mail and password')
@Controller('v1/auth/password-resets')
export class PasswordResetsController {
  constructor(private readonly resets: PasswordResetsService) {}

  @Post()
  @Public()
  @BruteForceLimit('password_reset', { account: byEmail })
  @ReturnsAccepted()
  @ApiOperation({
    summary: 'Request a password reset',
    description:
      'Sends a link that works for an hour if the account exists; the response is the same if not. Sends at most one e-mail per minute.',
  })
  requestPasswordReset(@Body() { email }: RequestPasswordResetDto) {
    return this.resets.request(email);
  }

  @Post('confirm')
  @Public()
  @BruteForceLimit('password_reset_confirm')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Set a new password',
    description:
      'Takes the token from the e-mail. Ends all sessions of the account, and verifies its address. Two-step sign-in is unchanged. An unknown, expired or used token returns `422` with the code `invalid_token`.',
  })
  confirmPasswordReset(@Body() dto: ConfirmPasswordResetDto, @CurrentDevice() device: Device) {
    return this.resets.confirm(dto, device);
  }
}
