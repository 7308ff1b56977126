import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public, SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { byCaller, BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsAccepted, ReturnsNothing } from '../../http/responses/returns.decorators.js';
import { ConfirmEmailVerificationDto } from './email-verification.dto.js';
import { EmailVerificationsService } from './email-verifications.service.js';

@ApiTags('E-mail and password')
@Controller('v1/auth/email-verifications')
export class EmailVerificationsController {
  constructor(private readonly verifications: EmailVerificationsService) {}

  @Post()
  @SignedIn()
  @BruteForceLimit('email_verification', { account: byCaller })
  @ReturnsAccepted()
  @Problems('not_found')
  @ApiOperation({
    summary: 'Request a verification e-mail',
    description:
      'The link works for 24 hours. No e-mail is sent if your address is verified, or within a minute of the last one.',
  })
  requestEmailVerification(@CurrentCaller() { userId }: Caller) {
    return this.verifications.resend(userId);
  }

  @Post('confirm')
  @Public()
  @BruteForceLimit('email_verification_confirm')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Verify an e-mail address',
    description:
      'Takes the token from the e-mail. If it is unknown, expired or used, or the account has another address now, returns `422` with the code `invalid_token`.',
  })
  confirmEmailVerification(@Body() { token }: ConfirmEmailVerificationDto) {
    return this.verifications.confirm(token);
  }
}
