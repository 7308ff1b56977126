import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IDEMPOTENCY_STORE } from '../../http/idempotency/idempotency-store.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { IdempotencyService } from './idempotency.service.js';

/** Idempotency-Key, for the IdempotencyInterceptor. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([IdempotencyKey])],
  providers: [
    IdempotencyService,
    IdempotencyKeysRepository,
    { provide: IDEMPOTENCY_STORE, useExisting: IdempotencyService },
  ],
  exports: [IDEMPOTENCY_STORE],
})
export class IdempotencyModule {}
