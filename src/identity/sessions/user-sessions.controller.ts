import { Controller, Delete, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../http/access/access.decorators.js';
import { PageQuery } from '../../http/pages/page.js';
import { ReturnsNothing, ReturnsPage } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { UserSessionResponse } from './session.dto.js';
import { SessionsService } from './sessions.service.js';

/** The sessions of any user, for administrators. */
@ApiTags('Sessions')
@Controller('v1/users/:id/sessions')
export class UserSessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @Access('users:admin')
  @ReturnsPage(UserSessionResponse)
  @ApiOperation({ summary: 'List a user’s sessions', description: 'Returns the newest sign-in first.' })
  listUserSessions(@Id() userId: string, @Query() query: PageQuery) {
    return this.sessions.listOf(userId, query);
  }

  @Delete()
  @Access('users:admin')
  @ReturnsNothing()
  @ApiOperation({ summary: 'End all sessions of a user', description: 'Signs the user out everywhere.' })
  endUserSessions(@Id() userId: string) {
    return this.sessions.endAll(userId);
  }

  @Delete(':sessionId')
  @Access('users:admin')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'End a user’s session',
    description: 'Every instance refuses its tokens within five seconds.',
  })
  endUserSession(@Id() userId: string, @Id('sessionId') id: string) {
    return this.sessions.end(userId, id);
  }
}
