import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { API_KEY_AUTHENTICATOR } from '../../http/access/authentication.guard.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { KeyAuthenticationService } from './key-authentication.service.js';
import { KeyUsageService } from './key-usage.service.js';
import { VerifiedKeysService } from './verified-keys.service.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([ApiKey])],
  controllers: [ApiKeysController],
  providers: [
    ApiKeysService,
    ApiKeysRepository,
    VerifiedKeysService,
    KeyUsageService,
    KeyAuthenticationService,
    { provide: API_KEY_AUTHENTICATOR, useExisting: KeyAuthenticationService },
  ],
  exports: [API_KEY_AUTHENTICATOR],
})
export class ApiKeysModule {}
