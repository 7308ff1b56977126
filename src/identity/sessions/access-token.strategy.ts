import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Strategy } from 'passport-jwt';
import type { SecretOrKeyProvider } from 'passport-jwt';
import { validate as isUuid } from 'uuid';
import { Config } from '../../../config/index.js';
import type { Caller } from '../../http/access/caller.js';
import { grantedScopes, isRole } from '../../../config/scopes.js';
import { timeOfId } from '../../platform/database/uuid-time.js';
import { AccessStateService } from './access-state.service.js';
import { ACCESS_TOKEN_TYPE, AccessTokensService } from './access-tokens.service.js';
import type { AccessTokenClaims, TokenSubject } from './access-tokens.service.js';

/** Verified tokens that are remembered, so that a client's next request costs a lookup instead of a signature. */
const MAX_REMEMBERED = 10_000;

/** All that follows the scheme, which has no case; words behind a token make it another one. */
const BEARER = /^bearer +(.+)$/i;

function bearerToken({ headers }: { headers: { authorization?: string } }): string | null {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}

interface Remembered {
  readonly caller: Caller;
  readonly session: TokenSubject['session'];
  readonly expiresAt: number;
}

/**
 * Verifies access tokens as RFC 9068 and RFC 8725 ask: the key by `kid`, with the one algorithm of that key, `typ`,
 * `iss`, `aud`, `exp` and `nbf`; then what has happened to the user and the session since the token was made.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  private readonly remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED });

  constructor(
    private readonly config: Config,
    tokens: AccessTokensService,
    private readonly state: AccessStateService,
  ) {
    super({
      jwtFromRequest: bearerToken,
      secretOrKeyProvider: keyProvider(tokens),
      algorithms: ['ES256', 'RS256'],
      issuer: config.tokens.issuer,
      audience: config.tokens.audience,
      passReqToCallback: true,
    });
  }

  /** Called by the AuthenticationGuard for each request. */
  override authenticate(request: never, options?: object): void {
    const token = bearerToken(request);
    const known = token === null ? undefined : this.remembered.get(token);
    if (!known) {
      super.authenticate(request, options);
    } else if (known.expiresAt <= Date.now()) {
      this.fail(Object.assign(new Error('jwt expired'), { name: 'TokenExpiredError' }) as never);
    } else {
      this.callerNow(known).then(
        (caller) => (caller ? this.success(caller) : this.fail(new Error('The session is over') as never)),
        (error: unknown) => this.error(error as Error),
      );
    }
  }

  /** Called by passport-jwt for a token whose signature and claims are right. */
  async validate(request: FastifyRequest, claims: AccessTokenClaims): Promise<Caller | false> {
    const complete = isUuid(claims.sub) && isUuid(claims.sid) && isRole(claims.role);
    if (!complete || typeof claims.exp !== 'number') return false;
    const session = { id: claims.sid, secondFactor: claims.amr?.includes('mfa') ?? false };
    const caller = this.callerOf(
      { id: claims.sub, role: claims.role, emailVerified: claims.email_verified },
      session,
    );
    const known = { caller, session, expiresAt: claims.exp * 1000 };
    this.remembered.set(bearerToken(request) ?? '', known);
    return this.callerNow(known);
  }

  private callerOf(user: TokenSubject['user'], session: TokenSubject['session']): Caller {
    const { secondFactorRoles } = this.config.access;
    return {
      userId: user.id,
      role: user.role,
      scopes: grantedScopes(user.role, session.secondFactor, secondFactorRoles),
      sessionId: session.id,
      apiKeyId: null,
      emailVerified: user.emailVerified,
      lacksSecondFactor: !session.secondFactor && secondFactorRoles.includes(user.role),
    };
  }

  /** The caller as of now: without a session any more, or in another role. */
  private async callerNow({ caller, session }: Remembered): Promise<Caller | false> {
    await this.state.ensureFresh();
    if (this.state.isEnded(session.id)) return false;
    const user = this.state.findUser(caller.userId);
    if (!user) return caller;
    if (user.isDeleted || !user.isActive || timeOfId(session.id) < user.sessionsValidFrom) return false;
    const isSame = user.role === caller.role && user.emailVerified === caller.emailVerified;
    return isSame ? caller : this.callerOf(user, session);
  }
}

function keyProvider(tokens: AccessTokensService): SecretOrKeyProvider {
  return (_request, token: string, done) => {
    const { kid, alg, typ, crit } = headerOf(token);
    const key = typeof kid === 'string' ? tokens.findKey(kid) : undefined;
    const isAccessToken =
      typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === ACCESS_TOKEN_TYPE;
    if (!key || alg !== key.alg || !isAccessToken || crit !== undefined) {
      done(new Error('The token is not one of ours'));
    } else {
      // The types know only text, which would be parsed again for every token.
      done(null, key.publicKey as never);
    }
  };
}

function headerOf(token: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    return typeof header === 'object' ? { ...header } : {};
  } catch {
    return {};
  }
}
