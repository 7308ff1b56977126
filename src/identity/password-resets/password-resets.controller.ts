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
    summary: 'Ask for a new password',
    description:
      'Sends a link that works for an hour if there is such an account; the answer is the same if there is none. At most one mail is sent in a minute.',
  })
  requestPasswordReset(@Body() { email }: RequestPasswordResetDto) {
    return this.resets.request(email);
  }

  @Post('confirm')
  @Public()
  @BruteForceLimit('password_reset_confirm')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Choose a new password',
    description:
      'With the token of the mail. Ends all sessions of the account, and verifies its address. Two-step sign-in stays as it is. A token that is unknown, expired or used is `422` with the code `invalid_token`.',
  })
  confirmPasswordReset(@Body() dto: ConfirmPasswordResetDto, @CurrentDevice() device: Device) {
    return this.resets.confirm(dto, device);
  }
}
