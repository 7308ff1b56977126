import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Config } from '../../../config/index.js';
import { Public } from '../../http/access/access.decorators.js';
import { Problem } from '../../http/problems/problem.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { ReturnsDocument } from '../../http/responses/returns.decorators.js';
import { Metrics } from './metrics.js';

@ApiTags('Operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  @Get()
  @Public()
  @ReturnsDocument('text/plain', '# TYPE stockroom_product_cache_total counter\n')
  @Problems('not_found')
  @ApiOperation({
    summary: 'Get the metrics',
    description: 'For Prometheus. If `METRICS_PORT` is set, they are served only there.',
  })
  getMetrics(@Res({ passthrough: true }) reply: FastifyReply) {
    if (this.config.metricsPort !== undefined) throw new Problem('not_found');
    reply.header('content-type', this.metrics.contentType).header('cache-control', 'no-store');
    return this.metrics.text();
  }
}
