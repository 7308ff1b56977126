import { Injectable } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import { Problem } from '../../http/problems/problem.js';

/** Without an identity provider in the settings there is nothing here. */
@Injectable()
export class OidcGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(): boolean {
    if (this.config.oidc) return true;
    throw new Problem('not_found', 'Sign-in with an identity provider is not set up.');
  }
}
