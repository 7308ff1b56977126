import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import type { HelmetOptions } from 'helmet';
import type { Config } from '../../../config/index.js';

/**
 * What browsers may do with the answers: nothing by default; the pages of the documentation allow themselves more. The
 * headers never change, so helmet is asked for them once, not for each request.
 */
export function registerSecurityHeaders(fastify: FastifyInstance, config: Config): void {
  const headers = headersOf(optionsFor(config));
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

function optionsFor({ http }: Config): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: http.corsOrigins.length > 0 ? 'cross-origin' : 'same-origin' },
    strictTransportSecurity: http.publicUrl.startsWith('https:'),
    xFrameOptions: { action: 'deny' },
    // These speak to browsers of old, or of pages; each costs every answer some bytes.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  };
}

/** Helmet is a middleware; here it writes on a response that only remembers. */
function headersOf(options: HelmetOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error instanceof Error) throw error;
  });
  return headers;
}
