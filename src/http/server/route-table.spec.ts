import { describe, expect, it } from 'vitest';
import { RouteTable } from './route-table.js';

const table = new RouteTable();
table.add('GET', '/v1/products');
table.add(['POST', 'HEAD'], '/v1/products');
table.add('GET', '/v1/products/:id');
table.add('DELETE', '/v1/users/me');
table.add('PATCH', '/v1/users/:id');
table.add('GET', '/docs/*');
table.add('GET', '/openapi.json');

describe('RouteTable', () => {
  it.each([
    ['/v1/products', ['GET', 'HEAD', 'POST']],
    ['/v1/products?limit=1', ['GET', 'HEAD', 'POST']],
    ['/v1/products/42', ['GET']],
    ['/v1/users/me', ['DELETE', 'PATCH']],
    ['/docs/a/b.css', ['GET']],
    ['/openapi.json', ['GET']],
    ['/openapi-json', []],
    ['/v1/products/', []],
    ['/v1/products/42/more', []],
    ['/v1', []],
    ['', []],
  ])('finds for %s the methods %j', (url, methods) => {
    expect(table.methodsOf(url)).toEqual(methods);
  });
});
