import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ConfigModule } from '../config/index.js';
import type { Config } from '../config/index.js';
import { AccountPagesModule } from './identity/account-pages/account-pages.module.js';
import { ApiKeysModule } from './identity/api-keys/api-keys.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './identity/auth/auth.module.js';
import { AccessGuard } from './http/access/access.guard.js';
import { AuthenticationGuard } from './http/access/authentication.guard.js';
import { HttpModule } from './http/http.module.js';
import { ProblemFilter } from './http/server/problem.filter.js';
import { RateLimitGuard } from './http/rate-limits/rate-limit.guard.js';
import { ResponseInterceptor } from './http/responses/response.interceptor.js';
import { InputPipe } from './http/validation/input.pipe.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { DocsModule } from './docs/docs.module.js';
import { EmailVerificationsModule } from './identity/email-verifications/email-verifications.module.js';
import { EventsModule } from './platform/events/events.module.js';
import { IdempotencyModule } from './platform/idempotency/idempotency.module.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { MailModule } from './platform/mail/mail.module.js';
import { OidcModule } from './identity/oidc/oidc.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PasswordResetsModule } from './identity/password-resets/password-resets.module.js';
import { ProductImportsModule } from './inventory/product-imports/product-imports.module.js';
import { ProductsModule } from './inventory/products/products.module.js';
import { SessionsModule } from './identity/sessions/sessions.module.js';
import { StockModule } from './inventory/stock/stock.module.js';
import { TelemetryModule } from './platform/telemetry/telemetry.module.js';
import { TwoStepModule } from './identity/two-step/two-step.module.js';
import { UsersModule } from './identity/users/users.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The plan of the service: its features, and the pieces that every request passes through, in this order. */
@Module({
  imports: [
    HttpModule,
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
    { provide: APP_GUARD, useExisting: AuthenticationGuard },
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
