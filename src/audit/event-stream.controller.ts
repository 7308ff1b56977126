import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../http/access/access.decorators.js';
import { LastEventId } from '../http/event-streams/last-event-id.js';
import { ReturnsEventStream } from '../http/event-streams/event-stream.interceptor.js';
import { AuditEventResponse } from './audit-event.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('v1/events')
export class EventStreamController {
  constructor(private readonly audit: AuditService) {}

  @Get('stream')
  @Access('audit:read')
  @ReturnsEventStream(AuditEventResponse)
  @ApiOperation({
    summary: 'Follow the events',
    description:
      'Server-sent events (WHATWG HTML): each event as it happens, in the order of positions, none left out and none twice.' +
      ' `id` is its position, `event` its action, `data` the audit event as JSON. A client that comes back with the last' +
      ' `id` it has as `Last-Event-ID` goes on right behind it; without, it begins with what is yet to come. Lines that' +
      ' begin with a colon say every 15 seconds that the connection lives. The stream ends when access does: with the' +
      ' access token, if not before.',
  })
  streamEvents(@LastEventId() lastEventId: string | undefined) {
    return this.audit.followEvents(lastEventId);
  }
}
