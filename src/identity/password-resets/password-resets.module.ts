import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OneTimeTokensModule } from '../one-time-tokens/one-time-tokens.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { PasswordResetsController } from './password-resets.controller.js';
import { PasswordResetsService } from './password-resets.service.js';
import { ResetMailsService } from './reset-mails.service.js';
import { UserPasswordResetsController } from './user-password-resets.controller.js';

@Module({
  imports: [UsersModule, SessionsModule, AuthModule, OneTimeTokensModule],
  controllers: [PasswordResetsController, UserPasswordResetsController],
  providers: [PasswordResetsService, ResetMailsService],
})
export class PasswordResetsModule {}
