import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { selectListOf, sortsOf } from '../../platform/database/entity-columns.js';
import { Keyset } from '../../platform/database/keyset.js';
import type { Filters, KeysetQuery } from '../../platform/database/keyset.js';
import type { Page } from '../../http/pages/page.js';
import { filtersOf } from '../../platform/database/resource-filters.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import {
  allOf,
  anyOf,
  anywhere,
  inName,
  LOWER_SKU,
  nearOrAll,
  not,
  skuBetween,
} from './product-search.sql.js';
import type { Conditions, Matches, RunQuery } from './product-search.sql.js';
import { skusLike, toTsQuery } from './product-search.js';
import type { Term } from './product-search.js';
import { similarTo, termsOf } from './product-words.js';

const SELECT = `SELECT ${selectListOf(Product)} FROM products`;
const SORTS = sortsOf(Product);

export type Search = ListProductsQuery & { q: string };

/** Finds products by `q`: docs/search.md says which, and in which order. */
@Injectable()
export class ProductSearchRepository {
  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    private readonly keyset: Keyset,
  ) {}

  /** By relevance, unless another order is asked for. */
  async page(search: Search): Promise<Page<Product>> {
    const run: RunQuery = (sql, parameters) => this.products.query(sql, parameters);
    const parts = search.sort === undefined ? tiersOf(search, run) : this.sorted(search, run);
    return this.keyset.pageOfParts<Product>(run, search, parts);
  }

  /** The WHERE of all that a search finds in any other order than by relevance. */
  async hitsOf(search: Search, run: RunQuery): Promise<Filters> {
    for await (const { filters, hits } of this.sorted(search, run))
      return { ...filters, conditions: [...filters.conditions, hits.rest, hits.last ?? 'true'] };
    return { conditions: ['false'], parameters: [] };
  }

  /** All but similar spellings or, where there is nothing else, those; a further page goes on as the first one began. */
  private async *sorted(search: Search, run: RunQuery): AsyncGenerator<Part> {
    const skus = skusOf(search);
    const terms = await termsOf(search.q, run);
    if (skus.length + terms.length === 0) return;
    const words = terms.length > 0 ? [anywhere(toTsQuery(terms))] : [];
    const exact = skus.length > 0 ? { rest: anyOf(...skus, ...words) } : having(terms, anywhere);
    const part = partOf(search, run, 'exact', exact);
    const isExact =
      search.cursor === undefined
        ? await this.isAny(part, run)
        : this.keyset.continues(part.list, part.query);
    const similar = isExact ? [] : await similarTo(terms, run);
    if (isExact) yield part;
    else if (similar.length > 0) yield partOf(search, run, 'similar', having(similar, anywhere));
  }

  /** In the order in which the rows are stored, which is the cheapest to look through. */
  private async isAny(part: Part, run: RunQuery): Promise<boolean> {
    const query = { ...part.query, sort: '-created_at', limit: 1 };
    return (await this.keyset.page<Product>(run, { ...part, query })).rows.length > 0;
  }
}

/** The best hits first. A product is in one tier at most, and no change of another product moves it to another. */
async function* tiersOf(search: Search, run: RunQuery): AsyncGenerator<KeysetQuery<Product>> {
  const skus = skusOf(search);
  for (const matches of skus) yield skuTier(search, run, matches);
  const tier = (name: string, { rest, last }: Condition, ...others: Matches[]) =>
    partOf(search, run, `tiers/${name}`, { rest: allOf(rest, ...others, ...skus.map(not)), last });

  const terms = await termsOf(search.q, run);
  if (terms.length === 0) return;
  const words = toTsQuery(terms);
  yield tier('name', having(terms, inName));
  yield tier('words', having(terms, anywhere), not(inName(words)));
  const similar = await similarTo(terms, run);
  if (similar.length > 0) yield tier('similar', having(similar, anywhere), not(anywhere(words)));
}

/** The conditions of a part, before their values are parameters. */
interface Condition {
  readonly rest: Matches;
  readonly last?: Matches;
}

function having(terms: readonly Term[], column: (tsQuery: string) => Matches): Condition {
  if (terms.length === 1) return { rest: column(toTsQuery(terms)) };
  return { rest: column(toTsQuery(terms.slice(0, -1))), last: column(toTsQuery(terms.slice(-1))) };
}

interface Part extends KeysetQuery<Product> {
  /** What `q` asks for, apart from the filters. */
  readonly hits: Conditions;
}

/** None where `q` cannot be a sku. */
function skusOf({ q }: Search): Matches[] {
  const range = skusLike(q);
  return range ? [skuBetween(range)] : [];
}

function partOf(search: Search, run: RunQuery, name: string, { rest, last }: Condition): Part {
  const { conditions, parameters } = filtersOf(Product, { ...search, q: undefined });
  const values = [...parameters];
  const add = (value: string) => `$${values.push(value)}`;
  const hits = { rest: rest(add), last: last?.(add) };
  return {
    list: `products/${name}`,
    select: SELECT,
    filters: { conditions, parameters: values },
    sorts: SORTS,
    query: { ...search, sort: search.sort ?? '-created_at' },
    statements: (slice) => nearOrAll(hits, slice, run),
    hits,
  };
}

/** Here an index has the order, too. */
function skuTier(search: Search, run: RunQuery, isLike: Matches): KeysetQuery<Product> {
  const { list, select, filters, hits } = partOf(search, run, 'tiers/sku', { rest: isLike });
  return {
    list,
    select,
    filters: { ...filters, conditions: [...filters.conditions, hits.rest] },
    sorts: { sku: { column: LOWER_SKU, type: 'text', read: ({ sku }) => sku.toLowerCase() } },
    query: { ...search, sort: 'sku' },
  };
}
