import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Problem } from '../http/problems/problem.js';
import { publish } from './published-file.js';
import type { PublishedFile } from './published-file.js';

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

const ownFile = (name: string) => fileURLToPath(new URL(`./assets/${name}`, import.meta.url));

/** The build puts a copy of Redoc's bundle where this finds it: at run time its package is not installed. */
const packageFile = createRequire(import.meta.url).resolve;

/** Redoc would show its maker's logo from the maker's server: the one thing that a page would load from elsewhere. */
const withoutLogo = (bundle: string) =>
  bundle.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,');

/** The only files that the pages need, by the name under which they are served. */
const ASSETS: Readonly<Record<string, () => PublishedFile>> = {
  'docs.css': () => publish(CSS, readFileSync(ownFile('docs.css'))),
  'icon.svg': () => publish('image/svg+xml', readFileSync(ownFile('icon.svg'))),
  'swagger-ui-init.js': () => publish(JAVASCRIPT, readFileSync(ownFile('swagger-ui-init.js'))),
  'swagger-ui.js': () =>
    publish(JAVASCRIPT, readFileSync(packageFile('swagger-ui-dist/swagger-ui-bundle.js'))),
  'swagger-ui.css': () => publish(CSS, readFileSync(packageFile('swagger-ui-dist/swagger-ui.css'))),
  'redoc-init.js': () => publish(JAVASCRIPT, readFileSync(ownFile('redoc-init.js'))),
  'redoc.js': () =>
    publish(JAVASCRIPT, withoutLogo(readFileSync(packageFile('redoc/bundles/redoc.standalone.js'), 'utf8'))),
};

const loaded = new Map<string, PublishedFile>();

/** @throws Problem `not_found` */
export function assetNamed(name: string): PublishedFile {
  const known = loaded.get(name);
  if (known) return known;
  const load = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (!load) throw new Problem('not_found');
  const file = load();
  loaded.set(name, file);
  return file;
}
