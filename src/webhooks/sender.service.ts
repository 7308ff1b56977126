import http from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/index.js';
import { AttemptFailure, errorOfStatus, failedAttempt } from './attempt.js';
import type { Attempt } from './attempt.js';
import { faultOfUrl } from './endpoint-url.js';
import { excerptOf } from './excerpt.js';
import { HostAddresses } from './host-addresses.service.js';

const TIMEOUT_MS = 10_000;
/** How many connections to a host stay open for what comes next, and for how long. */
const KEPT_OPEN = { keepAlive: true, maxFreeSockets: 32, timeout: 4000 };

/** What is sent. */
export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

type Answer = Pick<Attempt, 'duration_ms' | 'response_excerpt'> & { status_code: number };

/** Sends messages to addresses that strangers chose: only where that is allowed, and bounded in time and in memory. */
@Injectable()
export class Sender {
  private readonly agents = { 'http:': new http.Agent(KEPT_OPEN), 'https:': new https.Agent(KEPT_OPEN) };

  constructor(
    private readonly hosts: HostAddresses,
    private readonly config: Config,
  ) {}

  async send(outgoing: Outgoing): Promise<Attempt> {
    const at = new Date();
    const startedAt = performance.now();
    try {
      const answer = await this.exchange(outgoing, startedAt);
      return { at: at.toISOString(), ...answer, error: errorOfStatus(answer.status_code) };
    } catch (error) {
      return failedAttempt(at, startedAt, error);
    }
  }

  /** Breaks off whatever is in flight. */
  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private async exchange(outgoing: Outgoing, startedAt: number): Promise<Answer> {
    const fault = faultOfUrl(outgoing.url, this.config.webhooks.allowPrivateHosts);
    if (fault) throw new AttemptFailure('address_not_allowed');
    const request = this.request(outgoing);
    // Over the whole exchange, also of one that trickles.
    const timer = setTimeout(() => request.destroy(new AttemptFailure('timeout')), TIMEOUT_MS);
    try {
      const response = await answerTo(request, outgoing.payload);
      const answer = { status_code: response.statusCode ?? 0, duration_ms: since(startedAt) };
      return { ...answer, response_excerpt: await excerptOf(response) };
    } catch (error) {
      if (!wasClosedMeanwhile(request, error)) throw error;
      return await this.exchange(outgoing, startedAt);
    } finally {
      clearTimeout(timer);
    }
  }

  private request({ url, headers, payload }: Outgoing): ClientRequest {
    const { protocol } = new URL(url);
    const options: RequestOptions = {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
        'user-agent': 'Stockroom-Webhooks/1',
      },
      lookup: this.lookup,
    };
    return protocol === 'http:'
      ? http.request(url, { ...options, agent: this.agents['http:'] })
      : https.request(url, { ...options, agent: this.agents['https:'] });
  }

  /** What was checked is what the connection is made to: nobody asks the DNS a second time. */
  private readonly lookup: LookupFunction = (host, { all }, done) => {
    this.hosts.allowedOf(host).then(
      (found) => {
        const [first] = found;
        if (all || !first) done(null, [...found]);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error as NodeJS.ErrnoException, []),
    );
  };
}

function answerTo(request: ClientRequest, payload: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Also after the answer began, where nobody else would listen.
    request.on('error', reject);
    request.once('close', () => reject(new AttemptFailure('connection_broken')));
    request.end(payload);
  });
}

/** The other side closed a connection that was kept open, at the moment when it was used again: nothing has failed yet. */
function wasClosedMeanwhile(request: ClientRequest, error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

const since = (startedAt: number): number => Math.round(performance.now() - startedAt);
