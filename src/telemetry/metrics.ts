import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** What operators count and watch, in the text format of Prometheus. One registry for each application, not for the process. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** @example metrics.counter('stockroom_product_cache_total', 'Reads by outcome', ['outcome']) */
  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** Measured whenever somebody asks; undefined while it cannot be. */
  gauge(name: string, help: string, measure: () => Promise<number | undefined>): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: async () => {
        const value = await measure();
        if (value === undefined) gauge.remove();
        else gauge.set(value);
      },
    });
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
