import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { Access } from '../http/access/access.decorators.js';
import { CurrentCaller } from '../http/access/caller.js';
import type { Caller } from '../http/access/caller.js';
import { AsExport, ReturnsExportablePage } from '../http/exports/exportable.decorators.js';
import { Problems } from '../http/problems/problems.decorator.js';
import { IfMatch } from '../http/responses/etag.js';
import type { Precondition } from '../http/responses/precondition.js';
import { Returns, ReturnsCreated } from '../http/responses/returns.decorators.js';
import { Id } from '../http/validation/id.decorator.js';
import {
  CreateOrderDto,
  ListOrdersQuery,
  ORDER_COLUMNS,
  OrderResponse,
  UpdateOrderDto,
} from './order.dto.js';
import { OrdersService } from './orders.service.js';

@ApiTags('Orders')
@Controller('v1/orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  @Access('orders:read')
  @ReturnsExportablePage(OrderResponse, { name: 'orders', columns: ORDER_COLUMNS })
  @ApiOperation({
    summary: 'List orders',
    description: 'Returns your own orders; with the scope `orders:admin`, all orders.',
  })
  listOrders(
    @CurrentCaller() caller: Caller,
    @Query() query: ListOrdersQuery,
    @AsExport() asExport: boolean,
  ) {
    return asExport ? this.orders.exportOrders(caller, query) : this.orders.listOrders(caller, query);
  }

  @Post()
  @Access('orders:write')
  @Idempotent()
  @ReturnsCreated(OrderResponse, '/v1/orders')
  @Problems('conflict', 'insufficient_stock')
  @ApiOperation({
    summary: 'Create an order',
    description:
      'Reserves the stock of all items, or of none, at current prices, until `expires_at`. A product without tracked stock' +
      ' can be ordered while it is in_stock. The number of your pending orders is limited.',
  })
  createOrder(@CurrentCaller() caller: Caller, @Body() dto: CreateOrderDto) {
    return this.orders.createOrder(caller, dto);
  }

  @Get(':id')
  @Access('orders:read')
  @Returns(OrderResponse)
  @ApiOperation({
    summary: 'Get an order',
    description: 'Returns one of your own orders; with the scope `orders:admin`, any order.',
  })
  getOrder(@CurrentCaller() caller: Caller, @Id() id: string) {
    return this.orders.getOrder(caller, id);
  }

  @Patch(':id')
  @Access('orders:write')
  @Returns(OrderResponse)
  @Problems('invalid_transition')
  @ApiOperation({
    summary: 'Update the status of an order',
    description:
      'pending → paid → shipped → delivered; pending → cancelled; paid → cancelled. You can cancel your own order while it' +
      ' is pending; everything else requires the scope `orders:admin`. Cancelling releases the stock, and shipping turns it' +
      ' into stock movements. After `expires_at` a pending order cannot be updated: it expires.',
  })
  updateOrder(
    @CurrentCaller() caller: Caller,
    @Id() id: string,
    @Body() dto: UpdateOrderDto,
    @IfMatch() precondition: Precondition,
  ) {
    return this.orders.updateOrder(caller, id, dto, precondition);
  }
}
