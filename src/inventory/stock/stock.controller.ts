import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { Access } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { Returns, ReturnsCreated, ReturnsPage } from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import {
  CreateStockMovementDto,
  ListStockMovementsQuery,
  StockMovementResponse,
  StockResponse,
} from './stock.dto.js';
import { StockService } from './stock.service.js';

@ApiTags('Stock')
@Controller('v1/products/:id')
export class StockController {
  constructor(private readonly stock: StockService) {}

  @Get('stock')
  @Access('products:read')
  @Returns(StockResponse)
  @ApiOperation({
    summary: 'Get the stock of a product',
    description: 'Has its own ETag: stock movements do not change the ETag of the product.',
  })
  getStock(@Id() id: string) {
    return this.stock.getStock(id);
  }

  @Get('stock-movements')
  @Access('products:read')
  @ReturnsPage(StockMovementResponse)
  @ApiOperation({
    summary: 'List the stock movements of a product',
    description: 'Returns the newest first.',
  })
  listStockMovements(@Id() id: string, @Query() query: ListStockMovementsQuery) {
    return this.stock.listMovements(id, query);
  }

  @Post('stock-movements')
  @Access('products:write')
  @Idempotent()
  @ReturnsCreated(StockMovementResponse)
  @Problems('conflict', 'insufficient_stock')
  @ApiOperation({
    summary: 'Move stock of a product',
    description:
      'Adds or removes stock. A movement cannot be changed or deleted. From the first one on the stock is tracked, and' +
      ' decides whether the product is in_stock. You can remove only stock that is available.',
  })
  createStockMovement(
    @CurrentCaller() { userId }: Caller,
    @Id() id: string,
    @Body() dto: CreateStockMovementDto,
  ) {
    return this.stock.move(id, dto, userId);
  }

  @Get('stock-movements/:movement_id')
  @Access('products:read')
  @Returns(StockMovementResponse)
  @ApiOperation({ summary: 'Get a stock movement', description: 'It never changes.' })
  getStockMovement(@Id() productId: string, @Id('movement_id') id: string) {
    return this.stock.getMovement(productId, id);
  }
}
