import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { v4 as uuidv4 } from 'uuid';
import { Config } from '../../../config/index.js';
import type { SigningKey } from '../../../config/index.js';
import { grantedScopes } from '../../../config/scopes.js';
import type { Role } from '../../../config/scopes.js';

/** RFC 9068, 2.1: says that this JWT is an access token, so that no other kind passes for one. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

export const ACCESS_TOKEN_SECONDS = 15 * 60;

/** The claims of an access token (RFC 9068, 2.2). */
export interface AccessTokenClaims {
  sub: string;
  sid: string;
  role: Role;
  scope: string;
  email_verified: boolean;
  /** `mfa` where the session began with a second factor (RFC 8176). */
  amr?: string[];
  exp: number;
}

/** Whom a token is made for. */
export interface TokenSubject {
  readonly user: { id: string; role: Role; emailVerified: boolean };
  readonly session: { id: string; secondFactor: boolean };
}

/** Makes access tokens, and knows the keys that verify them. */
@Injectable()
export class AccessTokensService {
  private readonly keys: ReadonlyMap<string, SigningKey>;

  constructor(private readonly config: Config) {
    this.keys = new Map(config.tokens.keys.map((key) => [key.kid, key]));
  }

  /** The first of the set; the others verify what they signed before. */
  private get signingKey(): SigningKey {
    const [key] = this.config.tokens.keys;
    if (!key) throw new Error('There is no key to sign tokens with');
    return key;
  }

  sign({ user, session }: TokenSubject): Promise<string> {
    const key = this.signingKey;
    return new SignJWT({
      sid: session.id,
      role: user.role,
      scope: this.scopeText(user.role, session.secondFactor),
      email_verified: user.emailVerified,
      ...(session.secondFactor && { amr: ['mfa'] }),
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: ACCESS_TOKEN_TYPE })
      .setIssuer(this.config.tokens.issuer)
      .setAudience(this.config.tokens.audience)
      .setSubject(user.id)
      .setJti(uuidv4())
      .setIssuedAt()
      .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
      .sign(key.privateKey);
  }

  /** What such a session may do, separated by spaces. */
  scopeText(role: Role, secondFactor: boolean): string {
    return [...grantedScopes(role, secondFactor, this.config.access.secondFactorRoles)].join(' ');
  }

  findKey(kid: string): SigningKey | undefined {
    return this.keys.get(kid);
  }

  /** The public halves, as a JWK set (RFC 7517). */
  publicKeys(): { keys: object[] } {
    const keys = [...this.keys.values()].map(({ kid, alg, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    }));
    return { keys };
  }
}
