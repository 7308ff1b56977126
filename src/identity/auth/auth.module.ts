import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BRUTE_FORCE_LIMITER } from '../../http/rate-limits/brute-force-limiter.js';
import { EmailVerificationsModule } from '../email-verifications/email-verifications.module.js';
import { OneTimeTokensModule } from '../one-time-tokens/one-time-tokens.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TwoStepModule } from '../two-step/two-step.module.js';
import { UsersModule } from '../users/users.module.js';
import { AttemptLimiter } from './attempt-limiter.service.js';
import { Attempt } from './attempt.entity.js';
import { AttemptsRepository } from './attempts.repository.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { KnownAddress } from './known-address.entity.js';
import { PasswordController } from './password.controller.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Attempt, KnownAddress]),
    UsersModule,
    SessionsModule,
    OneTimeTokensModule,
    EmailVerificationsModule,
    TwoStepModule,
  ],
  controllers: [AuthController, PasswordController],
  providers: [
    AuthService,
    AttemptsRepository,
    AttemptLimiter,
    { provide: BRUTE_FORCE_LIMITER, useExisting: AttemptLimiter },
  ],
  exports: [AuthService, AttemptLimiter, BRUTE_FORCE_LIMITER],
})
export class AuthModule {}
