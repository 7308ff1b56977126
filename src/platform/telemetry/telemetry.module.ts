import { Global, Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { JobMetrics } from './job-metrics.service.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer } from './metrics-server.js';

@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [HealthService, Metrics, MetricsServer, JobMetrics],
  exports: [Metrics],
})
export class TelemetryModule {}
