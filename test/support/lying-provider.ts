import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { nowSeconds, toBase64 } from './tokens.js';

/** What is not as it should be; nothing, and it is an honest provider. */
export interface Lie {
  /** Replace those of the ID token; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Replaces the signed ID token; undefined leaves it out. */
  readonly idToken?: ((honest: string) => string | undefined) | undefined;
  readonly signedBy?: 'a stranger' | 'nobody' | 'the client secret';
  readonly userinfo?: Readonly<Record<string, unknown>>;
  /** Answers the token endpoint with this instead. */
  readonly tokenAnswer?: { readonly status: number; readonly body: string };
  /** Parameters of the way back; undefined takes one away. */
  readonly callback?: Readonly<Record<string, string | undefined>>;
}

export interface LyingProvider {
  readonly issuer: string;
  readonly environment: NodeJS.ProcessEnv;
  lie: Lie;
  /** What was asked of it, as `GET /jwks`. */
  readonly requests: string[];
  /** The secrets that it was told, and told. */
  readonly secrets: Set<string>;
  stop(): Promise<void>;
}

export const VICTIM = { sub: 'victim', email: 'victim@example.com', email_verified: true, name: 'Vic Tim' };
const CLIENT_SECRET = 'a client secret of more than enough bits, 4711';

/** An OpenID provider that signs in everybody at once, and says what a test wants it to. */
export async function startLyingProvider(): Promise<LyingProvider> {
  const keys = { honest: await generateKeyPair('ES256'), stranger: await generateKeyPair('ES256') };
  const jwk = { ...(await exportJWK(keys.honest.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const nonces = new Map<string, string>();
  const provider: LyingProvider = {
    issuer,
    environment: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: 'stockroom',
      OIDC_CLIENT_SECRET: CLIENT_SECRET,
    },
    lie: {},
    requests: [],
    secrets: new Set([CLIENT_SECRET]),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function idTokenFor(nonce: string | undefined): Promise<string | undefined> {
    const { claims, signedBy, idToken = (honest: string) => honest } = provider.lie;
    const now = nowSeconds();
    const payload = { ...VICTIM, iss: issuer, aud: 'stockroom', iat: now, exp: now + 300, nonce, ...claims };
    return idToken(await sign(payload, signedBy, keys));
  }

  async function tokens(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const form = new URLSearchParams(await textOf(request));
    for (const name of ['code', 'code_verifier']) provider.secrets.add(form.get(name) ?? '');
    const [access_token, refresh_token] = [randomUUID(), randomUUID()];
    const id_token = await idTokenFor(nonces.get(form.get('code') ?? ''));
    for (const secret of [access_token, refresh_token, id_token ?? access_token])
      provider.secrets.add(secret);
    const answer = { access_token, refresh_token, token_type: 'Bearer', expires_in: 60, id_token };
    return provider.lie.tokenAnswer ?? { status: 200, body: JSON.stringify(answer) };
  }

  /** Back to where the browser came from, at once. */
  function authorize(url: URL, response: ServerResponse): void {
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    const code = randomUUID();
    nonces.set(code, url.searchParams.get('nonce') ?? '');
    const parameters: NonNullable<Lie['callback']> = {
      code,
      state: url.searchParams.get('state') ?? '',
      iss: issuer,
      ...provider.lie.callback,
    };
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) back.searchParams.set(name, value);
    response.writeHead(302, { location: back.href }).end();
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', issuer);
    provider.requests.push(`${String(request.method)} ${url.pathname}`);
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration') json(metadata(issuer));
    else if (url.pathname === '/jwks') json({ keys: [jwk] });
    else if (url.pathname === '/userinfo') json(provider.lie.userinfo ?? VICTIM);
    else if (url.pathname === '/auth') authorize(url, response);
    else
      void tokens(request).then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      );
  });
  return provider;
}

function metadata(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    // What it says of itself shall not decide what is believed.
    id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    authorization_response_iss_parameter_supported: true,
  };
}

type Keys = Readonly<Record<'honest' | 'stranger', Awaited<ReturnType<typeof generateKeyPair>>>>;

function sign(claims: JWTPayload, by: Lie['signedBy'], { honest, stranger }: Keys): Promise<string> {
  if (by === 'nobody') return Promise.resolve(`${toBase64({ alg: 'none', kid: 'k' })}.${toBase64(claims)}.`);
  if (by === 'the client secret') {
    const text = `${toBase64({ alg: 'HS256', kid: 'k' })}.${toBase64(claims)}`;
    const mac = createHmac('sha256', CLIENT_SECRET).update(text).digest('base64url');
    return Promise.resolve(`${text}.${mac}`);
  }
  const header: JWTHeaderParameters = { alg: 'ES256', kid: 'k' };
  const key = by === 'a stranger' ? stranger : honest;
  return new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
