import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DeclarationCheck } from './responses/declaration.check.js';
import { Exports } from './exports/exports.js';
import { RouteTable } from './server/route-table.js';
import { CursorCodec } from './pages/cursor.js';
import { Keyset } from './pages/keyset.js';
import { ProblemSender } from './server/problem.sender.js';
import { RateLimitModule } from './rate-limits/rate-limit.guard.js';

/** What the global pieces and every feature need of the HTTP skin. */
@Global()
@Module({
  imports: [DiscoveryModule, RateLimitModule],
  providers: [CursorCodec, Keyset, ProblemSender, RouteTable, DeclarationCheck, Exports],
  exports: [CursorCodec, Keyset, ProblemSender, RouteTable, RateLimitModule, Exports],
})
export class HttpModule {}
