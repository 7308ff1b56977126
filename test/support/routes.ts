import { RequestMethod } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ACCESS_RULE } from '../../src/http/access/access.decorators.js';
import type { AccessRule } from '../../src/http/access/access.decorators.js';
import { RouteTable } from '../../src/http/server/route-table.js';

export interface Route {
  readonly method: string;
  /** As it is declared: `/v1/products/:id`. */
  readonly path: string;
  /** Undefined for what was given to fastify past Nest, where no guard looks. */
  readonly rule: AccessRule | undefined;
}

/** Every route that the application answers, from the router itself, with the rule of the handler behind it. */
export function collectRoutes(app: INestApplicationContext): Route[] {
  const rules = collectRules(app);
  const table: unknown = app.get(RouteTable);
  const { routes } = table as { routes: Map<string, { methods: Set<string> }> };
  return [...routes].flatMap(([path, { methods }]) =>
    [...methods]
      // Fastify adds a HEAD to each GET, with the same handler.
      .filter((method) => method !== 'HEAD' || !methods.has('GET'))
      .map((method) => ({ method, path, rule: rules.get(`${method} ${path}`) })),
  );
}

/** By 'GET /v1/products'. */
function collectRules(app: INestApplicationContext): Map<string, AccessRule> {
  const scanner = new MetadataScanner();
  const controllers = app.get(DiscoveryService, { strict: false }).getControllers();
  return new Map(
    controllers.flatMap(({ metatype }) => {
      const { prototype } = metatype as { prototype: Record<string, object> };
      return scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        if (!handler || !Reflect.hasMetadata(METHOD_METADATA, handler)) return [];
        const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
        const rule = Reflect.getMetadata(ACCESS_RULE, handler) as AccessRule;
        return pathsOf(metatype as object, handler).map((path) => [`${method} ${path}`, rule] as const);
      });
    }),
  );
}

function pathsOf(controller: object, handler: object): string[] {
  return partsOf(controller).flatMap((base) =>
    partsOf(handler).map((path) => `/${[...base.split('/'), ...path.split('/')].filter(Boolean).join('/')}`),
  );
}

function partsOf(target: object): string[] {
  return [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat();
}
