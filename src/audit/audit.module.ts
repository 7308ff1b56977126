import { Module } from '@nestjs/common';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { EventStreamController } from './event-stream.controller.js';
import { EventTail } from './event-tail.js';

@Module({
  controllers: [AuditEventsController, EventStreamController],
  providers: [AuditService, AuditRepository, EventTail],
})
export class AuditModule {}
