import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogueGenerator } from './catalogue-generator.service.js';
import { DemoCatalogueLoader } from './demo-catalogue.loader.js';
import { ProductSearchRepository } from './product-search.repository.js';
import { ProductWord } from './product-word.entity.js';
import { Product } from './product.entity.js';
import { ProductCache } from './product-cache.js';
import { ProductsController } from './products.controller.js';
import { ProductsRepository } from './products.repository.js';
import { ProductsService } from './products.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Product, ProductWord])],
  controllers: [ProductsController],
  providers: [
    ProductsService,
    ProductsRepository,
    ProductSearchRepository,
    ProductCache,
    DemoCatalogueLoader,
    CatalogueGenerator,
  ],
  exports: [ProductsService, DemoCatalogueLoader, CatalogueGenerator],
})
export class ProductsModule {}
