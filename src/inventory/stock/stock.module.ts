import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProductsModule } from '../products/products.module.js';
import { AvailabilityService } from './availability.service.js';
import { ReservationsRepository } from './reservations.repository.js';
import { ReservationsService } from './reservations.service.js';
import { StockLevel } from './stock-level.entity.js';
import { StockMovement } from './stock-movement.entity.js';
import { StockController } from './stock.controller.js';
import { StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([StockLevel, StockMovement]), ProductsModule],
  controllers: [StockController],
  providers: [
    StockService,
    StockRepository,
    ReservationsService,
    ReservationsRepository,
    AvailabilityService,
  ],
  exports: [StockService, ReservationsService],
})
export class StockModule {}
