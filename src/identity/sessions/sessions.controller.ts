import { Controller, Delete, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { PageQuery } from '../../http/pages/page.js';
import { ReturnsNothing, ReturnsPage } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { SessionResponse } from './session.dto.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Sessions')
@Controller('v1/auth/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @SignedIn()
  @ReturnsPage(SessionResponse)
  @ApiOperation({
    summary: 'List your sessions',
    description: 'Returns the newest sign-in first; `current` marks the session of this request.',
  })
  async listSessions(@CurrentCaller() { userId, sessionId }: Caller, @Query() query: PageQuery) {
    const { rows, nextCursor } = await this.sessions.list(userId, query);
    return { rows: rows.map((row) => ({ ...row, current: row.id === sessionId })), nextCursor };
  }

  @Delete(':id')
  @SignedIn()
  @ReturnsNothing()
  @ApiOperation({
    summary: 'End one of your sessions',
    description: 'Every instance refuses its tokens within five seconds.',
  })
  endSession(@CurrentCaller() { userId }: Caller, @Id() id: string) {
    return this.sessions.end(userId, id);
  }
}
