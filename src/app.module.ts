import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ConfigModule } from '../config/index.js';
import type { Config } from '../config/index.js';
import { AccountPagesModule } from './account-pages/account-pages.module.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { AccessGuard } from './common/access/access.guard.js';
import { StandingAccess } from './common/access/standing-access.js';
import { TokenGuard } from './common/access/token.guard.js';
import { CommonModule } from './common/common.module.js';
import { EventStreams } from './common/event-streams/event-streams.js';
import { ProblemFilter } from './common/problems/problem.filter.js';
import { RateLimitGuard } from './common/rate-limit/rate-limit.guard.js';
import { ResponseInterceptor } from './common/responses/response.interceptor.js';
import { InputPipe } from './common/validation/input.pipe.js';
import { DatabaseModule } from './database/database.module.js';
import { DocsModule } from './docs/docs.module.js';
import { EmailVerificationsModule } from './email-verifications/email-verifications.module.js';
import { EventsModule } from './events/events.module.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { MailModule } from './mail/mail.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PasswordResetsModule } from './password-resets/password-resets.module.js';
import { ProductImportsModule } from './product-imports/product-imports.module.js';
import { ProductsModule } from './products/products.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StockModule } from './stock/stock.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { TwoStepModule } from './two-step/two-step.module.js';
import { UsersModule } from './users/users.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The plan of the service: its features, and the pieces that every request passes through, in this order. */
@Module({
  imports: [
    CommonModule,
    DatabaseModule,
    EventsModule,
    JobsModule,
    IdempotencyModule,
    MailModule,
    TelemetryModule,
    UsersModule,
    SessionsModule,
    AuthModule,
    ApiKeysModule,
    EmailVerificationsModule,
    PasswordResetsModule,
    TwoStepModule,
    OidcModule,
    AccountPagesModule,
    ProductsModule,
    StockModule,
    OrdersModule,
    ProductImportsModule,
    AuditModule,
    WebhooksModule,
    DocsModule,
  ],
  providers: [
    TokenGuard,
    AccessGuard,
    StandingAccess,
    EventStreams,
    { provide: APP_GUARD, useExisting: TokenGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_PIPE, useClass: InputPipe },
    { provide: APP_INTERCEPTOR, useClass: ResponseInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class AppModule {
  static forConfig(config: Config): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.forRoot(config)] };
  }
}
