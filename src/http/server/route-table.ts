import { Injectable } from '@nestjs/common';

/** Which methods each path has, for the `Allow` header of a 405 (RFC 9110, 15.5.6). */
@Injectable()
export class RouteTable {
  private readonly routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(methods: string | readonly string[], url: string): void {
    const route = this.routes.get(url) ?? { pattern: toPattern(url), methods: new Set<string>() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.routes.set(url, route);
  }

  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    const matches = [...this.routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(matches.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .replace(/[.*+?^${}()|[\]\\]/g, (character) => (character === '*' ? '.*' : `\\${character}`))
    .replace(/:[A-Za-z_]+/g, '[^/]+');
  return new RegExp(`^${source}$`);
}
