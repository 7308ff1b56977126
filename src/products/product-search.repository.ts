import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Keyset } from '../common/pages/keyset.js';
import type { Filters, KeysetQuery } from '../common/pages/keyset.js';
import type { Page } from '../common/pages/page.js';
import type { ListProductsQuery } from './product.dto.js';
import { Product } from './product.entity.js';
import { filtersOf } from './product-filters.js';
import { COLUMNS, SORTS } from './product-rows.js';
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
import type { Matches } from './product-search.sql.js';
import { skusLike, toTsQuery } from './product-search.js';
import { ProductWordsRepository } from './product-words.repository.js';

export type Search = ListProductsQuery & { q: string };

const SELECT = `SELECT ${COLUMNS} FROM products`;

type Run = (sql: string, parameters: unknown[]) => Promise<Product[]>;

/** Finds products by `q`: docs/search.md says which, and in which order. */
@Injectable()
export class ProductSearchRepository {
  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    private readonly keyset: Keyset,
    private readonly words: ProductWordsRepository,
  ) {}

  /** By relevance, unless another order is asked for. */
  async page(search: Search): Promise<Page<Product>> {
    const run: Run = (sql, parameters) => this.products.query(sql, parameters);
    const parts = search.sort === undefined ? this.tiersOf(search) : this.sorted(search, run);
    return this.keyset.pageOfParts(run, search, parts);
  }

  /** The WHERE of all that a search finds in any other order than by relevance. */
  async hitsOf(search: Search, run: Run): Promise<Filters> {
    for await (const { filters, matches } of this.sorted(search, run))
      return { ...filters, conditions: [...filters.conditions, matches] };
    return { conditions: ['false'], parameters: [] };
  }

  /** The best hits first. A product is in one tier at most, and no change of another product moves it to another. */
  private async *tiersOf(search: Search): AsyncGenerator<KeysetQuery<Product>> {
    const skus = skusOf(search);
    for (const matches of skus) yield skuTier(search, matches);
    const tier = (name: string, ...conditions: Matches[]) =>
      partOf(search, `tiers/${name}`, allOf(...conditions, ...skus.map(not)));

    const terms = await this.words.termsOf(search.q);
    if (terms.length === 0) return;
    const words = toTsQuery(terms);
    yield tier('name', inName(words));
    yield tier('words', anywhere(words), not(inName(words)));
    const similar = await this.words.similarTo(terms);
    if (similar.length > 0) yield tier('similar', anywhere(toTsQuery(similar)), not(anywhere(words)));
  }

  /** All but similar spellings or, where there is nothing else, those; a further page goes on as the first one began. */
  private async *sorted(search: Search, run: Run): AsyncGenerator<Part> {
    const terms = await this.words.termsOf(search.q);
    const exact = [...skusOf(search), ...(terms.length > 0 ? [anywhere(toTsQuery(terms))] : [])];
    if (exact.length === 0) return;
    const part = partOf(search, 'exact', anyOf(...exact));
    const isExact =
      search.cursor === undefined
        ? await this.isAny(part, run)
        : this.keyset.continues(part.list, part.query);
    if (isExact) {
      yield part;
      return;
    }
    const similar = await this.words.similarTo(terms);
    if (similar.length > 0) yield partOf(search, 'similar', anywhere(toTsQuery(similar)));
  }

  /** In the order in which the rows are stored, which is the cheapest to look through. */
  private async isAny(part: Part, run: Run): Promise<boolean> {
    const query = { ...part.query, sort: '-created_at', limit: 1 };
    return (await this.keyset.page(run, { ...part, query })).rows.length > 0;
  }
}

interface Part extends KeysetQuery<Product> {
  /** The condition that `q` makes, apart from the filters. */
  readonly matches: string;
}

/** None where `q` cannot be a sku. */
function skusOf({ q }: Search): Matches[] {
  const range = skusLike(q);
  return range ? [skuBetween(range)] : [];
}

function partOf(search: Search, name: string, matches: Matches): Part {
  const { conditions, parameters } = filtersOf(search);
  const values = [...parameters];
  const condition = matches((value) => `$${values.push(value)}`);
  return {
    list: `products/${name}`,
    select: SELECT,
    filters: { conditions, parameters: values },
    sorts: SORTS,
    query: { ...search, sort: search.sort ?? '-created_at' },
    statements: nearOrAll(condition),
    matches: condition,
  };
}

/** Here an index has the order, too. */
function skuTier(search: Search, matches: Matches): KeysetQuery<Product> {
  const { filters, matches: condition } = partOf(search, 'tiers/sku', matches);
  return {
    list: 'products/tiers/sku',
    select: SELECT,
    filters: { ...filters, conditions: [...filters.conditions, condition] },
    sorts: { sku: { column: LOWER_SKU, type: 'text', read: ({ sku }) => sku.toLowerCase() } },
    query: { ...search, sort: 'sku' },
  };
}
