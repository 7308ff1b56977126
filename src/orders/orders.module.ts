import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProductsModule } from '../inventory/products/products.module.js';
import { StockModule } from '../inventory/stock/stock.module.js';
import { OrderExpiryService } from './order-expiry.service.js';
import { OrderItem } from './order-item.entity.js';
import { OrderTransitions } from './order-transitions.service.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Order, OrderItem]), ProductsModule, StockModule],
  controllers: [OrdersController],
  providers: [OrdersService, OrderExpiryService, OrderTransitions, OrdersRepository],
})
export class OrdersModule {}
