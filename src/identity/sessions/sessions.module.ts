import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TOKEN_STRATEGY } from '../../http/access/authentication.guard.js';
import { UsersModule } from '../users/users.module.js';
import { AccessStateService } from './access-state.service.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AccessTokensService } from './access-tokens.service.js';
import { JwksController } from './jwks.controller.js';
import { SessionTokensService } from './session-tokens.service.js';
import { Session } from './session.entity.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { UserSessionsController } from './user-sessions.controller.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Session]), UsersModule],
  controllers: [SessionsController, UserSessionsController, JwksController],
  providers: [
    SessionsService,
    SessionTokensService,
    SessionsRepository,
    AccessTokensService,
    AccessStateService,
    AccessTokenStrategy,
    { provide: TOKEN_STRATEGY, useExisting: AccessTokenStrategy },
  ],
  exports: [SessionsService, SessionTokensService, TOKEN_STRATEGY],
})
export class SessionsModule {}
