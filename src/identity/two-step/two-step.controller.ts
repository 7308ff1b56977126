import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { byCaller, BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsNothing, ReturnsObject } from '../../http/responses/returns.decorators.js';
import { EnrolmentService } from './enrolment.service.js';
import {
  BeginTwoStepDto,
  ConfirmTwoStepDto,
  DisableTwoStepDto,
  EnrolmentResponse,
  RecoveryCodesResponse,
  ReplaceRecoveryCodesDto,
  TwoStepResponse,
} from './two-step.dto.js';

/** One's own second step; without any scope, as who must enrol has none yet. */
@ApiTags('Two-step sign-in')
@Controller('v1/auth/two-step')
export class TwoStepController {
  constructor(private readonly enrolment: EnrolmentService) {}

  @Get()
  @SignedIn()
  @ReturnsObject(TwoStepResponse)
  @ApiOperation({
    summary: 'Get your two-step sign-in status',
    description: 'Returns whether and since when it is on, and how many recovery codes are left.',
  })
  getStatus(@CurrentCaller() { userId }: Caller) {
    return this.enrolment.getStatus(userId);
  }

  @Post()
  @SignedIn()
  @BruteForceLimit('two_step', { account: byCaller })
  @ReturnsObject(EnrolmentResponse)
  @Problems('invalid_credentials', 'conflict', 'not_found')
  @ApiOperation({
    summary: 'Set up an authenticator app',
    description:
      'Creates a secret for the app, and replaces an unconfirmed one. Nothing changes until you confirm it, within an hour.',
  })
  begin(@CurrentCaller() { userId }: Caller, @Body() dto: BeginTwoStepDto) {
    return this.enrolment.begin(userId, dto.current_password);
  }

  @Post('confirm')
  @SignedIn()
  @BruteForceLimit('two_step', { account: byCaller })
  @ReturnsObject(RecoveryCodesResponse)
  @Problems('conflict')
  @ApiOperation({
    summary: 'Turn two-step sign-in on',
    description:
      'Takes the current code of the app. From then on, sign-ins require a code. The recovery codes are shown once.',
  })
  confirm(@CurrentCaller() { userId }: Caller, @Body() dto: ConfirmTwoStepDto) {
    return this.enrolment.confirm(userId, dto.code);
  }

  @Post('recovery-codes')
  @SignedIn()
  @BruteForceLimit('two_step', { account: byCaller })
  @ReturnsObject(RecoveryCodesResponse)
  @Problems('invalid_credentials', 'conflict')
  @ApiOperation({
    summary: 'Replace the recovery codes',
    description: 'Creates ten new ones; the old ones stop working.',
  })
  replaceRecoveryCodes(@CurrentCaller() { userId }: Caller, @Body() dto: ReplaceRecoveryCodesDto) {
    return this.enrolment.replaceRecoveryCodes(userId, dto.code);
  }

  @Post('disable')
  @SignedIn()
  @BruteForceLimit('two_step', { account: byCaller })
  @ReturnsNothing()
  @Problems('invalid_credentials', 'conflict', 'not_found')
  @ApiOperation({
    summary: 'Turn two-step sign-in off',
    description: 'Takes the password and a code; deletes the secret and the recovery codes.',
  })
  disable(@CurrentCaller() { userId }: Caller, @Body() dto: DisableTwoStepDto) {
    return this.enrolment.disable(userId, dto);
  }
}
