import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access/access.guard.js';
import { StandingAccess } from './access/standing-access.js';
import { AuthenticationGuard } from './access/authentication.guard.js';
import { DeclarationCheck } from './declaration.check.js';
import { EventStreamsService } from './event-streams/event-streams.service.js';
import { ExportsService } from './exports/exports.service.js';
import { RateLimitModule } from './rate-limits/rate-limit.guard.js';
import { ProblemSender } from './server/problem.sender.js';
import { RouteTable } from './server/route-table.js';

const SHARED = [
  AccessGuard,
  EventStreamsService,
  ExportsService,
  ProblemSender,
  RouteTable,
  AuthenticationGuard,
];

/** What the global pieces and every feature need of the HTTP skin. */
@Global()
@Module({
  imports: [DiscoveryModule, RateLimitModule],
  providers: [...SHARED, DeclarationCheck, StandingAccess],
  exports: [...SHARED, RateLimitModule],
})
export class HttpModule {}
