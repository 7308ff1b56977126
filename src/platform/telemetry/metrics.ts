import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** However often somebody asks for the metrics, the database is asked so often. */
const MEASURE_EVERY_MS = 5000;

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

  /**
   * What is measured when somebody asks, all at once and not more often than every few seconds; they have no values while
   * that fails.
   * @example metrics.gauges({ stockroom_jobs_due: 'Jobs that could be done now' }, () => this.count())
   */
  gauges<Name extends string>(
    helps: Readonly<Record<Name, string>>,
    measure: () => Promise<Readonly<Record<Name, number>>>,
  ): void {
    const measured = remembered(() => measure().catch(() => undefined));
    for (const [name, help] of Object.entries<string>(helps)) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [this.registry],
        collect: async () => {
          const value = (await measured())?.[name as Name];
          if (value === undefined) gauge.remove();
          else gauge.set(value);
        },
      });
    }
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

function remembered<T>(measure: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    const at = performance.now();
    if (!last || at - last.at > MEASURE_EVERY_MS) last = { at, value: measure() };
    return last.value;
  };
}
