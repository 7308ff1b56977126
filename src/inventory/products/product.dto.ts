import { ApiProperty, PartialType } from '@nestjs/swagger';
import { IsBoolean, IsString, Matches } from 'class-validator';
import { IsCurrency } from '../money/currency.js';
import { IsPrice, IsPriceBound, toAmount } from '../money/money.js';
import { CreatedRangeQuery } from '../../http/pages/page.js';
import { IsSort } from '../../http/pages/sort.decorator.js';
import { IsText, OptionalField, NullableField } from '../../http/validation/fields.js';
import { FromBoolean, FromDecimal } from '../../http/validation/query-values.js';
import { visibleNamesOf } from '../../platform/database/entity-columns.js';
import { Product } from './product.entity.js';

const SKU = /^[A-Za-z0-9._-]{1,64}$/;
const SKU_MESSAGE = '$property must be 1 to 64 of A-Z a-z 0-9 . _ -';

export class CreateProductDto {
  /**
   * Your own code for the product, unique among products that are not deleted.
   * @example "TOOL-HMR-0450"
   */
  @ApiProperty({ pattern: SKU.source })
  @Matches(SKU, { message: SKU_MESSAGE })
  @IsString()
  sku: string;

  /** @example "Claw hammer 450 g" */
  @IsText(1, 200)
  name: string;

  /** @example "Forged steel head on a shaft of ash." */
  @IsText(0, 5000)
  @NullableField()
  description?: string | null;

  /**
   * Exact, with at most two decimals.
   * @example 24.9
   */
  @IsPrice()
  price: number;

  /**
   * ISO 4217.
   * @example "USD"
   */
  @ApiProperty({ default: 'USD' })
  @IsCurrency()
  @OptionalField()
  currency?: string;

  /**
   * Can be set only while the stock is not tracked. From the first stock movement on, movements decide it.
   * @example true
   */
  @ApiProperty({ default: true })
  @IsBoolean()
  @OptionalField()
  in_stock?: boolean;
}

/** A merge patch (RFC 7396): omitted fields stay unchanged, and `null` clears the description. */
export class UpdateProductDto extends PartialType(CreateProductDto, { skipNullProperties: false }) {}

export class ListProductsQuery extends CreatedRangeQuery {
  /**
   * Words of the name, the sku or the description, in any order; the last one may be unfinished. Returns the product
   * with this sku, then those with all words in the name, then anywhere, then similar spellings, each newest first. With
   * `sort`, returns products with all words or, if there are none, similar spellings.
   */
  @IsText(1, 200)
  @OptionalField()
  q?: string;

  /** The product with exactly this sku. */
  @ApiProperty({ pattern: SKU.source })
  @Matches(SKU, { message: SKU_MESSAGE })
  @IsString()
  @OptionalField()
  sku?: string;

  /** Only products that are in stock, or only those that are not. */
  @IsBoolean({ message: '$property must be true or false' })
  @FromBoolean()
  @OptionalField()
  in_stock?: boolean;

  /** ISO 4217. */
  @IsCurrency()
  @OptionalField()
  currency?: string;

  /** The lowest price to return. */
  @IsPriceBound()
  @FromDecimal()
  @OptionalField()
  min_price?: number;

  /** The highest price to return. */
  @IsPriceBound()
  @FromDecimal()
  @OptionalField()
  max_price?: number;

  /** `-` for descending; names sort by code point. Default: `-created_at` or, with `q`, the best matches first. */
  @IsSort('created_at', 'updated_at', 'price', 'name')
  @OptionalField()
  sort?: string;
}

export class ProductResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "TOOL-HMR-0450" */
  sku: string;

  /** @example "Claw hammer 450 g" */
  name: string;

  /** @example "Forged steel head on a shaft of ash." */
  description: string | null;

  /** @example 24.9 */
  price: number;

  /** @example "USD" */
  currency: string;

  /** @example true */
  in_stock: boolean;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  static from(product: Product): ProductResponse {
    return {
      id: product.id,
      sku: product.sku,
      name: product.name,
      description: product.description,
      price: toAmount(product.price),
      currency: product.currency,
      in_stock: product.inStock,
      created_at: product.createdAt.toISOString(),
      updated_at: product.updatedAt.toISOString(),
    };
  }
}

/** Of an export. */
export const PRODUCT_COLUMNS = visibleNamesOf(Product);
