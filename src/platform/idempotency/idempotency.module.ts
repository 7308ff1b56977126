import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ONCE } from '../../http/idempotency/once.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { IdempotencyService } from './idempotency.service.js';

/** Idempotency-Key, for the ResponseInterceptor. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([IdempotencyKey])],
  providers: [
    IdempotencyService,
    IdempotencyKeysRepository,
    { provide: ONCE, useExisting: IdempotencyService },
  ],
  exports: [ONCE],
})
export class IdempotencyModule {}
