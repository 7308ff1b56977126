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
    summary: 'Stream events',
    description:
      'Server-sent events (WHATWG HTML): each event as it happens, in the order of positions, without gaps or repeats.' +
      ' `id` is its position, `event` its action, `data` the audit event as JSON. To resume, send the last `id` you' +
      ' received as `Last-Event-ID`: the stream continues right after it. Without it, the stream starts with new events.' +
      ' Every 15 seconds a line that begins with a colon keeps the connection alive. The stream ends when access does:' +
      ' with the access token, or earlier.',
  })
  streamEvents(@LastEventId() lastEventId: string | undefined) {
    return this.audit.followEvents(lastEventId);
  }
}
