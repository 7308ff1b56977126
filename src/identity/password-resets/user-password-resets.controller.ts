import { Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../http/access/access.decorators.js';
import { ReturnsAccepted } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { PasswordResetsService } from './password-resets.service.js';

/** The passwords of other users, for administrators, who never learn one. */
@ApiTags('E-mail and password')
@Controller('v1/users/:id/password-resets')
export class UserPasswordResetsController {
  constructor(private readonly resets: PasswordResetsService) {}

  @Post()
  @Access('users:admin')
  @ReturnsAccepted()
  @ApiOperation({
    summary: 'Force a password reset',
    description:
      'Removes the password, ends all sessions and sends the user a link that works for 24 hours. Also works for yourself.',
  })
  forcePasswordReset(@Id() userId: string) {
    return this.resets.force(userId);
  }
}
