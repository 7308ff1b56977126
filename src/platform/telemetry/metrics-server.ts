import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import { Metrics } from './metrics.js';

/** Serves the metrics on `METRICS_PORT`, where that is set: a port that only the operators' network reaches. */
@Injectable()
export class MetricsServer implements OnApplicationShutdown {
  private readonly logger = new Logger(MetricsServer.name);
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  async listen(): Promise<void> {
    const { metricsPort, http } = this.config;
    if (metricsPort === undefined) return;
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.logger.error({ err: error, msg: 'The metrics could not be gathered' });
        response.destroy();
      });
    });
    this.server.listen(metricsPort, http.host);
    await once(this.server, 'listening');
    this.logger.log(`Metrics at port ${metricsPort}`);
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const isKnown = url?.split('?', 1)[0] === '/metrics' && (method === 'GET' || method === 'HEAD');
    if (!isKnown) {
      response.writeHead(404).end();
      return;
    }
    const text = await this.metrics.text();
    response.writeHead(200, { 'content-type': this.metrics.contentType }).end(text);
  }
}
