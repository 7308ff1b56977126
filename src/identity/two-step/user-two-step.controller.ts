import { Controller, Delete } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../http/access/access.decorators.js';
import { ReturnsNothing } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { EnrolmentService } from './enrolment.service.js';

/** The second step of any user, for administrators. */
@ApiTags('Two-step sign-in')
@Controller('v1/users/:id/two-step')
export class UserTwoStepController {
  constructor(private readonly enrolment: EnrolmentService) {}

  @Delete()
  @Access('users:admin')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Turn a user’s two-step sign-in off',
    description:
      'For a user who has lost the phone and the recovery codes. Verify the user first: from then on the password is enough.',
  })
  removeTwoStep(@Id() userId: string) {
    return this.enrolment.remove(userId);
  }
}
