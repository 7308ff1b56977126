import { Injectable, Logger } from '@nestjs/common';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
} from 'openid-client';
import type { ClientAuth, Configuration, IDToken } from 'openid-client';
import { Config } from '../../../config/index.js';
import { profileOf } from './profile.js';
import type { Profile } from './profile.js';
import { providerProblem, unavailable, unproven } from './provider-problem.js';
import type { SignInFlow } from './sign-in-flow.js';

const TIMEOUT_SECONDS = 5;
/** OpenID Connect Core, 2. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;
const REDISCOVER_AFTER_MS = 60 * 60 * 1000;

/** Somebody who has signed in at the provider. */
export interface ProvenIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Asked for only where it is needed: it may take another request. @throws Problem `email_not_verified` */
  profile(): Promise<Profile>;
}

/** The OpenID provider of the settings: the relying party's half of the authorization code flow, with PKCE. */
@Injectable()
export class IdentityProviderService {
  private readonly logger = new Logger(IdentityProviderService.name);
  private readonly redirectUri: string;
  private discovered: { configuration: Promise<Configuration>; at: number } | undefined;

  constructor(private readonly config: Config) {
    this.redirectUri = new URL(`${config.http.publicUrl}/v1/auth/oidc/callback`).href;
  }

  /** Where a browser goes to sign in. @throws Problem `unavailable` */
  async authorizationUrl({ state, nonce, codeVerifier }: SignInFlow): Promise<string> {
    const configuration = await this.configuration();
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: 'openid email profile',
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return url.href;
  }

  /**
   * Who it is that the provider sent back with this query, in the sign-in that asked for it.
   * @throws Problem `invalid_credentials`, `unavailable`
   */
  async redeem(query: string, { state, nonce, codeVerifier }: SignInFlow): Promise<ProvenIdentity> {
    const configuration = await this.configuration();
    const callback = new URL(this.redirectUri);
    callback.search = query;
    const tokens = await this.ask(
      authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      }),
    );
    const claims = tokens.claims() as IDToken;
    if (!SUBJECT.test(claims.sub)) throw unproven(new Error('The subject of the ID token is out of bounds'));
    return {
      issuer: claims.iss,
      subject: claims.sub,
      profile: () => this.profile(configuration, tokens.access_token, claims),
    };
  }

  /** Of one source only: the address of one and the verification of another would prove nothing. */
  private async profile(
    configuration: Configuration,
    accessToken: string,
    claims: IDToken,
  ): Promise<Profile> {
    const isComplete = claims['email'] !== undefined || !configuration.serverMetadata().userinfo_endpoint;
    if (isComplete) return profileOf(claims);
    return profileOf(await this.ask(fetchUserInfo(configuration, accessToken, claims.sub)));
  }

  /** What the provider publishes about itself. It is asked once an hour, and after a failure again. */
  private configuration(): Promise<Configuration> {
    const { discovered } = this;
    if (discovered && performance.now() - discovered.at < REDISCOVER_AFTER_MS)
      return discovered.configuration;
    const configuration = this.discover().catch((error: unknown) => {
      this.discovered = undefined;
      throw unavailable(error);
    });
    this.discovered = { configuration, at: performance.now() };
    return configuration;
  }

  private async discover(): Promise<Configuration> {
    const { oidc } = this.config;
    if (!oidc) throw new Error('There is no identity provider');
    const issuer = new URL(oidc.issuer);
    return discovery(issuer, oidc.clientId, undefined, clientAuthOf(oidc.clientSecret), {
      timeout: TIMEOUT_SECONDS,
      execute: [
        // Without this the library takes an ID token from the token endpoint on trust, unsigned.
        enableNonRepudiationChecks,
        // Of development; the settings of production refuse such an issuer. The library calls it deprecated to warn.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []),
      ],
    });
  }

  private async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const problem = providerProblem(error);
      if (problem.code === 'unavailable') this.discovered = undefined;
      // That somebody did not want to, is nothing to look into.
      else if (!(error instanceof AuthorizationResponseError))
        this.logger.warn({ err: problem.cause, msg: 'A sign-in at the identity provider was refused' });
      throw problem;
    }
  }
}

/** As the provider wants it; where it does not say, as the standard does (OpenID Connect Discovery, 3). */
function clientAuthOf(secret: string): ClientAuth {
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authenticate = methods.includes('client_secret_basic') ? basic : post;
    authenticate(server, client, body, headers);
  };
}
