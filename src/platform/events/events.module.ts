import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { EventPartitionsService } from './event-partitions.service.js';
import { LoggedEvent } from './logged-event.entity.js';

/** The event log, for every feature. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([LoggedEvent])],
  providers: [EventFeed, EventLog, EventPartitionsService],
  exports: [EventFeed, EventLog],
})
export class EventsModule {}
