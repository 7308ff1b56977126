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
    description: 'Your own; with the scope `orders:admin`, those of everybody.',
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
      'Reserves the stock of all items, or of none, at the prices of this moment, until `expires_at`. Where the stock of a' +
      ' product is not tracked, it can be ordered while it is in_stock. You may have only so many pending orders at once.',
  })
  createOrder(@CurrentCaller() caller: Caller, @Body() dto: CreateOrderDto) {
    return this.orders.createOrder(caller, dto);
  }

  @Get(':id')
  @Access('orders:read')
  @Returns(OrderResponse)
  @ApiOperation({
    summary: 'Get an order',
    description: 'One of your own; with the scope `orders:admin`, any.',
  })
  getOrder(@CurrentCaller() caller: Caller, @Id() id: string) {
    return this.orders.getOrder(caller, id);
  }

  @Patch(':id')
  @Access('orders:write')
  @Returns(OrderResponse)
  @Problems('invalid_transition')
  @ApiOperation({
    summary: 'Move an order',
    description:
      'pending → paid → shipped → delivered; pending → cancelled; paid → cancelled. You can cancel an order of your own' +
      ' while it is pending; everything else needs the scope `orders:admin`. Cancelling releases the stock, and shipping' +
      ' turns it into stock movements. An order whose time is over cannot be moved any more: it expires.',
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
