import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../../config/index.js';
import { FLOW_SECONDS } from './sign-in-flow.js';
import type { SignInFlow } from './sign-in-flow.js';

const SEALED_FOR = 'oidc';

/**
 * Keeps a sign-in in the browser that began it, sealed, so that nobody can be made to finish that of somebody else, and
 * any instance can go on with it.
 */
@Injectable()
export class FlowCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor(private readonly config: Config) {
    const { protocol, pathname } = new URL(config.http.publicUrl);
    const isSecure = protocol === 'https:';
    this.name = `${isSecure ? '__Secure-' : ''}stockroom_oidc`;
    const path = `${pathname.replace(/\/$/, '')}/v1/auth/oidc`;
    this.attributes = `Path=${path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  write(reply: FastifyReply, flow: SignInFlow): void {
    this.set(reply, this.config.sealer.seal(JSON.stringify(flow), SEALED_FOR), FLOW_SECONDS);
  }

  /** Takes the flow out of the browser: a callback has one try. Null if there is none, or it is too old. */
  take(request: FastifyRequest, reply: FastifyReply): SignInFlow | null {
    this.set(reply, '', 0);
    const sealed = cookieOf(request.headers.cookie, this.name);
    const text = sealed === null ? null : this.config.sealer.open(sealed, SEALED_FOR);
    const flow = text === null ? null : (JSON.parse(text) as SignInFlow);
    return flow !== null && Date.now() - flow.begunAt < FLOW_SECONDS * 1000 ? flow : null;
  }

  private set(reply: FastifyReply, value: string, seconds: number): void {
    void reply.header('set-cookie', `${this.name}=${value}; Max-Age=${seconds}; ${this.attributes}`);
  }
}

/** RFC 6265, 4.2. Two of one name are none: one of them is not ours (a neighbouring domain can set it). */
export function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? (values[0] ?? null) : null;
}
