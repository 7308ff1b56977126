import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../http/access/access.decorators.js';
import { AsExport, ReturnsExportablePage } from '../http/exports/exportable.decorators.js';
import { Returns } from '../http/responses/returns.decorators.js';
import { Id } from '../http/validation/id.decorator.js';
import { AUDIT_EVENT_COLUMNS, AuditEventResponse, ListAuditEventsQuery } from './audit-event.dto.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('v1/audit-events')
export class AuditEventsController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Access('audit:read')
  @ReturnsExportablePage(AuditEventResponse, { name: 'audit-events', columns: AUDIT_EVENT_COLUMNS })
  @ApiOperation({
    summary: 'List audit events',
    description:
      'Returns the newest first; you can combine filters. To follow events, use the stream: an event may become visible' +
      ' shortly after one with a later time.',
  })
  listAuditEvents(@Query() query: ListAuditEventsQuery, @AsExport() asExport: boolean) {
    return asExport ? this.audit.exportEvents(query) : this.audit.listEvents(query);
  }

  @Get(':id')
  @Access('audit:read')
  @Returns(AuditEventResponse)
  @ApiOperation({ summary: 'Get an audit event', description: 'It never changes.' })
  getAuditEvent(@Id() id: string) {
    return this.audit.getEvent(id);
  }
}
