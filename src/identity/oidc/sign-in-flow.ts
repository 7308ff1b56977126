import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';

/** A sign-in that has begun: what its callback is held to. */
export interface SignInFlow {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly codeVerifier: string;
  readonly returnTo: string | null;
  /** Milliseconds since 1970. */
  readonly begunAt: number;
}

export const FLOW_SECONDS = 600;

export function newFlow(returnTo: string | null): SignInFlow {
  return {
    state: randomState(),
    nonce: randomNonce(),
    codeVerifier: randomPKCECodeVerifier(),
    returnTo,
    begunAt: Date.now(),
  };
}
