import { Body, Controller, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { byCaller, BruteForceLimit } from '../../http/rate-limits/brute-force-limit.decorator.js';
import { ReturnsNothing } from '../../http/responses/returns.decorators.js';
import { ChangePasswordDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';

/** Below the user's path, but here: a new password ends sessions. */
@ApiTags('Users')
@Controller('v1/users/me/password')
export class PasswordController {
  constructor(private readonly auth: AuthService) {}

  @Put()
  @SignedIn()
  @BruteForceLimit('password', { account: byCaller })
  @ReturnsNothing()
  @Problems('invalid_credentials', 'not_found')
  @ApiOperation({ summary: 'Change your password', description: 'Ends all your other sessions.' })
  changePassword(@CurrentCaller() caller: Caller, @Body() dto: ChangePasswordDto) {
    return this.auth.changePassword(caller, dto);
  }
}
