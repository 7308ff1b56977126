import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { OneTimeTokensModule } from '../one-time-tokens/one-time-tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { FlowCookie } from './flow-cookie.js';
import { IdentitiesRepository } from './identities.repository.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityProviderService } from './identity-provider.service.js';
import { Identity } from './identity.entity.js';
import { OidcController } from './oidc.controller.js';
import { OidcService } from './oidc.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Identity]), AuthModule, OneTimeTokensModule, UsersModule],
  controllers: [OidcController],
  providers: [OidcService, IdentitiesService, IdentitiesRepository, IdentityProviderService, FlowCookie],
})
export class OidcModule {}
