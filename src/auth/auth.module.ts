import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TOKEN_STRATEGY } from '../common/access/token.guard.js';
import { UsersModule } from '../users/users.module.js';
import { AccessStateService } from './access-state.service.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AccessTokensService } from './access-tokens.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwksController } from './jwks.controller.js';
import { PasswordController } from './password.controller.js';
import { Session } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

@Module({
  imports: [TypeOrmModule.forFeature([Session]), UsersModule],
  controllers: [AuthController, PasswordController, JwksController],
  providers: [
    AuthService,
    SessionsRepository,
    AccessTokensService,
    AccessStateService,
    AccessTokenStrategy,
    { provide: TOKEN_STRATEGY, useExisting: AccessTokenStrategy },
  ],
  exports: [TOKEN_STRATEGY],
})
export class AuthModule {}
