import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { vi } from 'vitest';

/** What the provider knows of somebody (OpenID Connect Core, 5.1). */
export type Claims = Readonly<Record<string, unknown>>;

/** Who comes to sign in, and then will not. */
export const RELUCTANT = 'reluctant';

export interface IdentityProvider {
  readonly issuer: string;
  /** The settings of a service that signs in here. */
  readonly environment: NodeJS.ProcessEnv;
  /** By subject; a test may change them. */
  readonly accounts: Map<string, Claims>;
  stop(): Promise<void>;
}

/** A real OpenID provider on a free port of loopback, at which everybody is who they say. */
export async function startIdentityProvider({
  accounts = {},
  redirectUris = ['http://stockroom.test/v1/auth/oidc/callback'],
  configuration = {},
}: {
  accounts?: Record<string, Claims>;
  redirectUris?: string[];
  configuration?: Configuration;
}): Promise<IdentityProvider> {
  const known = new Map(Object.entries(accounts));
  const client = { client_id: 'stockroom', client_secret: randomUUID() };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // It warns that what it knows is lost at its end, which is what a test wants.
  const warnings = vi.spyOn(console, 'warn').mockReturnValue();
  const provider = new Provider(issuer, {
    ...baseConfiguration(known),
    clients: [{ ...client, redirect_uris: redirectUris }],
    ...configuration,
  });
  warnings.mockRestore();
  const serve = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/interaction/')) void interact(provider, request, response);
    else void serve(request, response);
  });
  return {
    issuer,
    environment: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: client.client_id,
      OIDC_CLIENT_SECRET: client.client_secret,
    },
    accounts: known,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function baseConfiguration(accounts: ReadonlyMap<string, Claims>): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] as never,
    },
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name'],
    },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...accounts.get(sub) }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const { accountId } = oidc.session ?? {};
      const grant = new oidc.provider.Grant({ clientId: 'stockroom', ...(accountId && { accountId }) });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const accountId = String(request.headers['x-account']);
  const result =
    accountId === RELUCTANT ? { error: 'access_denied', error_description: 'No.' } : { login: { accountId } };
  await provider.interactionFinished(request, response, result);
}
