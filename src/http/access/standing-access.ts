import { Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { AccessGuard } from './access.guard.js';
import { AuthenticationGuard } from './authentication.guard.js';

/** For answers that go on for long: whether their request would still be let in. */
@Injectable()
export class StandingAccess {
  constructor(
    private readonly tokens: AuthenticationGuard,
    private readonly access: AccessGuard,
  ) {}

  async holds(context: ExecutionContext): Promise<boolean> {
    try {
      await this.tokens.canActivate(context);
      return this.access.canActivate(context);
    } catch {
      return false;
    }
  }
}
