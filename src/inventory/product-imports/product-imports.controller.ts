import { Body, Controller, Get, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { Access } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { TakesUpload, UploadedBody } from '../../http/uploads/takes-upload.decorator.js';
import { Upload } from '../../http/uploads/upload.js';
import { PageQuery } from '../../http/pages/page.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { IfMatch } from '../../http/responses/etag.js';
import type { Precondition } from '../../http/responses/precondition.js';
import {
  Returns,
  ReturnsDocument,
  ReturnsJob,
  ReturnsPage,
} from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import {
  CreateImportQuery,
  ImportResponse,
  ListedImportResponse,
  UpdateImportDto,
} from './product-import.dto.js';
import { ProductImportsService } from './product-imports.service.js';

const EXAMPLES = {
  'text/csv': 'sku,name,price\r\nTOOL-HMR-0450,"Claw hammer, 450 g",24.90\r\n',
  'application/x-ndjson': '{"sku":"TOOL-HMR-0450","name":"Claw hammer, 450 g","price":24.9}\n',
};

@ApiTags('Product imports')
@Controller('v1/product-imports')
export class ProductImportsController {
  constructor(private readonly imports: ProductImportsService) {}

  @Get()
  @Access('imports:write')
  @ReturnsPage(ListedImportResponse)
  @ApiOperation({
    summary: 'List imports',
    description: 'Returns the imports of all users, the newest first, without row errors.',
  })
  listImports(@Query() query: PageQuery) {
    return this.imports.listImports(query);
  }

  @Post()
  @Access('imports:write')
  @TakesUpload(EXAMPLES)
  @Idempotent()
  @ReturnsJob(ImportResponse, '/v1/product-imports')
  @Problems('invalid_transition')
  @ApiOperation({
    summary: 'Import products',
    description:
      'Creates products, or updates those with the same sku. A CSV file (RFC 4180, UTF-8) starts with its column names, in' +
      ' any order: `sku`, `name`, `price`, and optionally `description`, `currency`, `in_stock`. Missing values stay' +
      ' unchanged. If several rows have the same sku, the last one is used. Failed rows do not stop the others. A file' +
      ' that cannot be read to its end is refused as a whole (422). You can send the body with `Content-Encoding: gzip`.',
  })
  createImport(
    @CurrentCaller() { userId }: Caller,
    @Query() query: CreateImportQuery,
    @UploadedBody() upload: Upload,
  ) {
    return this.imports.createImport(userId, upload, query.dry_run ?? false);
  }

  @Get(':id')
  @Access('imports:write')
  @Returns(ImportResponse)
  @ApiOperation({
    summary: 'Get an import',
    description: 'Shows its progress. Its ETag changes with each batch.',
  })
  getImport(@Id() id: string) {
    return this.imports.getImport(id);
  }

  @Patch(':id')
  @Access('imports:write')
  @Returns(ImportResponse)
  @Problems('invalid_transition')
  @ApiOperation({
    summary: 'Cancel an import',
    description: 'Applies no more rows. Rows that were already applied stay; the counts show how many.',
  })
  updateImport(@Id() id: string, @Body() _dto: UpdateImportDto, @IfMatch() precondition: Precondition) {
    return this.imports.cancelImport(id, precondition);
  }

  @Get(':id/errors')
  @Access('imports:write')
  @ReturnsDocument('text/csv', 'line,field,code,message\r\n17,price,min,price must be greater than 0\r\n')
  @ApiOperation({
    summary: 'Get the errors of an import',
    description: 'Returns all errors of failed rows as CSV, for 30 days.',
  })
  async getImportErrors(@Id() id: string) {
    const lines = await this.imports.errorFile(id);
    return new StreamableFile(Readable.from(lines, { objectMode: false }), {
      type: 'text/csv; charset=utf-8',
    });
  }
}
