import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { IDEMPOTENT } from './idempotency/idempotency.interceptor.js';
import { ANSWER } from './responses/returns.decorators.js';
import type { Answer } from './responses/returns.decorators.js';
import { ACCESS_RULE } from './access/access.decorators.js';

/** Stops the start-up when a handler does not say who may call it and what it answers: forgetting is no default. */
@Injectable()
export class DeclarationCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const missing = this.handlers().flatMap(({ name, handler }) =>
      this.missingOf(handler).map((declaration) => `${name}: ${declaration}`),
    );
    if (missing.length > 0) {
      throw new Error(`Handlers lack a declaration:\n${missing.map((line) => `  - ${line}`).join('\n')}`);
    }
  }

  private missingOf(handler: () => unknown): string[] {
    const answer = this.reflector.get<Answer | undefined>(ANSWER, handler);
    const creates = answer?.kind === 'resource' && answer.isNew === true;
    return [
      ...(this.reflector.get(ACCESS_RULE, handler) ? [] : ['@Access(scope), @SignedIn() or @Public()']),
      ...(answer ? [] : ['@Returns(...) or one of its kin']),
      ...(creates && !this.reflector.get(IDEMPOTENT, handler)
        ? ['@Idempotent(), as it creates something']
        : []),
    ];
  }

  private handlers(): { name: string; handler: () => unknown }[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      const prototype = (metatype as { prototype: Record<string, () => unknown> }).prototype;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((method) => ({ name: `${String(metatype?.name)}.${method}`, handler: prototype[method] }))
        .filter(
          (entry): entry is { name: string; handler: () => unknown } =>
            entry.handler !== undefined && Reflect.hasMetadata(METHOD_METADATA, entry.handler),
        );
    });
  }
}
