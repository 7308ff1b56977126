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
    description: 'Of everybody, the newest first, without the errors of rows.',
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
      'Creates products, or changes those that have the sku. A CSV file (RFC 4180, UTF-8) begins with the names of its' +
      ' columns, in any order: `sku`, `name`, `price`, and perhaps `description`, `currency`, `in_stock`. What is not' +
      ' there stays as it is. Of several rows with one sku the last counts. Rows that fail do not keep others from being' +
      ' carried out. A file that is not readable to its end is refused as a whole (422). The body may be sent with' +
      ' `Content-Encoding: gzip`.',
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
    description: 'Tells how far it is. Its ETag changes with each batch.',
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
    description:
      'Nothing more of it is carried out. What was carried out already stays, and the counts tell how much that is.',
  })
  updateImport(@Id() id: string, @Body() _dto: UpdateImportDto, @IfMatch() precondition: Precondition) {
    return this.imports.cancelImport(id, precondition);
  }

  @Get(':id/errors')
  @Access('imports:write')
  @ReturnsDocument('text/csv', 'line,field,code,message\r\n17,price,min,price must be greater than 0\r\n')
  @ApiOperation({
    summary: 'Get the errors of an import',
    description: 'All that is wrong with rows that failed, as CSV, for 30 days.',
  })
  async getImportErrors(@Id() id: string) {
    const lines = await this.imports.errorFile(id);
    return new StreamableFile(Readable.from(lines, { objectMode: false }), {
      type: 'text/csv; charset=utf-8',
    });
  }
}
