import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProductsModule } from '../products/products.module.js';
import { ImportRunner } from './import-runner.service.js';
import { ProductImport } from './product-import.entity.js';
import { ProductImportRow } from './product-import-row.entity.js';
import { ProductImportsController } from './product-imports.controller.js';
import { ProductImportsRepository } from './product-imports.repository.js';
import { ProductImportsService } from './product-imports.service.js';
import { StagedRowsRepository } from './staged-rows.repository.js';
import { UpkeepService } from './upkeep.service.js';
import { UploadsService } from './uploads.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([ProductImport, ProductImportRow]), ProductsModule],
  controllers: [ProductImportsController],
  providers: [
    ProductImportsService,
    ProductImportsRepository,
    StagedRowsRepository,
    UploadsService,
    ImportRunner,
    UpkeepService,
  ],
})
export class ProductImportsModule {}
