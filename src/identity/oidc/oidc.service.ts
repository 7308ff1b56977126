import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../../../config/index.js';
import { AuthService } from '../auth/auth.service.js';
import { Problem } from '../../http/problems/problem.js';
import { toProblem } from '../../http/problems/to-problem.js';
import { EventLog } from '../../platform/events/event-log.js';
import { OneTimeTokensService } from '../one-time-tokens/one-time-tokens.service.js';
import type { Device } from '../sessions/device.js';
import type { TokensResponse } from '../sessions/tokens.dto.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityProviderService } from './identity-provider.service.js';
import { checkReturnTo, withOutcome } from './return-to.js';
import { newFlow } from './sign-in-flow.js';
import type { SignInFlow } from './sign-in-flow.js';

const CODE_SECONDS = 60;

/** Signing in with the identity provider of the settings. */
@Injectable()
export class OidcService {
  private readonly logger = new Logger(OidcService.name);

  constructor(
    private readonly provider: IdentityProviderService,
    private readonly identities: IdentitiesService,
    private readonly users: UsersService,
    private readonly auth: AuthService,
    private readonly tokens: OneTimeTokensService,
    private readonly events: EventLog,
    private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  /** @throws Problem `validation_failed`, `unavailable` */
  async begin(returnTo: string | undefined): Promise<{ location: string; flow: SignInFlow }> {
    const { corsOrigins } = this.config.http;
    const flow = newFlow(returnTo === undefined ? null : checkReturnTo(returnTo, corsOrigins));
    return { location: await this.provider.authorizationUrl(flow), flow };
  }

  /**
   * Signs in who comes back from the provider. For a page that waits for it, the outcome is in the URL that the browser
   * goes to: a code for `exchange`, as tokens do not belong into URLs, or an error.
   * @throws Problem `invalid_credentials`, `email_not_verified`, `mfa_required`, `unavailable`
   */
  async finish(
    query: string,
    flow: SignInFlow | null,
    device: Device,
  ): Promise<TokensResponse | { location: string }> {
    if (!flow) {
      const detail = 'This browser has not started a sign-in within the last ten minutes. Start again.';
      throw new Problem('invalid_credentials', detail);
    }
    if (flow.returnTo === null) return this.auth.signIn(await this.userOf(query, flow, device), device);
    return { location: withOutcome(flow.returnTo, await this.outcome(query, flow, device)) };
  }

  /** @throws Problem `invalid_credentials`, `mfa_required` */
  async exchange(code: string, device: Device): Promise<TokensResponse> {
    const bearer = await this.tokens.take(this.dataSource.manager, 'oidc_sign_in', code);
    const user = bearer && (await this.users.findById(bearer.userId));
    if (!user) throw new Problem('invalid_credentials', 'The code is invalid or expired. Sign in again.');
    await this.assertActive(user, device);
    return this.auth.signIn(user, device);
  }

  /** Errors in the manner of RFC 6749, 4.1.2.1. */
  private async outcome(query: string, flow: SignInFlow, device: Device): Promise<Record<string, string>> {
    try {
      const { id: userId } = await this.userOf(query, flow, device);
      const code = { purpose: 'oidc_sign_in', userId, lifeSeconds: CODE_SECONDS } as const;
      return { code: await this.tokens.create(this.dataSource.manager, code) };
    } catch (error) {
      const problem = toProblem(error);
      const level = problem.code === 'internal_error' ? 'error' : 'warn';
      if (problem.status >= 500)
        this.logger[level]({ err: problem.cause, msg: `A sign-in failed: ${problem.code}` });
      return { error: problem.code, error_description: problem.message };
    }
  }

  private async userOf(query: string, flow: SignInFlow, device: Device): Promise<User> {
    const user = await this.identities.userOf(await this.provider.redeem(query, flow));
    await this.assertActive(user, device);
    return user;
  }

  private async assertActive(user: User, { ip }: Device): Promise<void> {
    if (user.isActive) return;
    await this.events.append(this.dataSource.manager, {
      type: 'session.refused',
      resourceId: null,
      actor: { type: 'user', id: user.id },
      details: { ip },
    });
    throw new Problem('invalid_credentials', 'You cannot sign in to this account. Ask an administrator.');
  }
}
