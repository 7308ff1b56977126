import { Body, Controller, Delete, Get, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { Access } from '../../http/access/access.decorators.js';
import { AsExport, ReturnsExportablePage } from '../../http/exports/exportable.decorators.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { IfMatch } from '../../http/responses/etag.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { Returns, ReturnsCreated, ReturnsNothing } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import {
  CreateProductDto,
  ListProductsQuery,
  PRODUCT_COLUMNS,
  ProductResponse,
  UpdateProductDto,
} from './product.dto.js';
import { ProductsService } from './products.service.js';

@ApiTags('Products')
@Controller('v1/products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Get()
  @Access('products:read')
  @ReturnsExportablePage(ProductResponse, { name: 'products', columns: PRODUCT_COLUMNS })
  @ApiOperation({
    summary: 'List products',
    description: 'Search, filter and sort the catalogue; you can combine filters.',
  })
  listProducts(@Query() query: ListProductsQuery, @AsExport() asExport: boolean) {
    return asExport ? this.products.exportProducts(query) : this.products.listProducts(query);
  }

  @Post()
  @Access('products:write')
  @Idempotent()
  @ReturnsCreated(ProductResponse, '/v1/products')
  @Problems('duplicate_sku')
  @ApiOperation({ summary: 'Create a product', description: 'No other product may have the same sku.' })
  createProduct(@Body() dto: CreateProductDto) {
    return this.products.createProduct(dto);
  }

  @Get(':id')
  @Access('products:read')
  @Returns(ProductResponse)
  @ApiOperation({ summary: 'Get a product', description: 'Returns an ETag for conditional requests.' })
  getProduct(@Id() id: string) {
    return this.products.getProduct(id);
  }

  @Put(':id')
  @Access('products:write')
  @Returns(ProductResponse)
  @Problems('conflict', 'duplicate_sku')
  @ApiOperation({
    summary: 'Replace a product',
    description:
      'Replaces all fields: omitted fields get their defaults. If the stock is tracked, an omitted in_stock is unchanged,' +
      ' and another value returns a conflict.',
  })
  replaceProduct(@Id() id: string, @Body() dto: CreateProductDto, @IfMatch() precondition: Precondition) {
    return this.products.replaceProduct(id, dto, precondition);
  }

  @Patch(':id')
  @Access('products:write')
  @Returns(ProductResponse)
  @Problems('conflict', 'duplicate_sku')
  @ApiOperation({
    summary: 'Change a product',
    description:
      'A merge patch (RFC 7396): omitted fields stay unchanged. If the stock is tracked, you cannot send in_stock.',
  })
  updateProduct(@Id() id: string, @Body() dto: UpdateProductDto, @IfMatch() precondition: Precondition) {
    return this.products.updateProduct(id, dto, precondition);
  }

  @Delete(':id')
  @Access('products:write')
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Delete a product',
    description: 'Deletes it for all users; its sku can be used again.',
  })
  deleteProduct(@Id() id: string, @IfMatch() precondition: Precondition) {
    return this.products.deleteProduct(id, precondition);
  }
}
