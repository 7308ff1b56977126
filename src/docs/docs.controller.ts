import { Controller, Get, Param, Req, UseInterceptors } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/access/access.decorators.js';
import { prefersHtml } from '../http/responses/accept.js';
import { ReturnsDocument } from '../http/responses/returns.decorators.js';
import { ApiDocument } from './api-document.js';
import { assetNamed } from './assets.js';
import { INDEX_EXAMPLE, Pages } from './pages/pages.js';
import { PublishedFileInterceptor } from './published-file.interceptor.js';

const OPENAPI_EXAMPLE = { openapi: '3.1.0', info: { title: 'Stockroom API', version: '1.0.0' }, paths: {} };

/** The API described: for programs, and as pages for people, which are no part of it. */
@ApiTags('Documentation')
@Controller()
@UseInterceptors(PublishedFileInterceptor)
export class DocsController {
  constructor(
    private readonly document: ApiDocument,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Public()
  @ReturnsDocument('application/json', INDEX_EXAMPLE, 'text/html')
  @ApiOperation({ summary: 'Get an index', description: 'Links to all documents; a page for browsers.' })
  getIndex(@Req() { headers }: FastifyRequest) {
    return prefersHtml(headers.accept) ? this.pages.index : this.pages.indexForPrograms;
  }

  @Get('openapi.json')
  @Public()
  @ReturnsDocument('application/json', OPENAPI_EXAMPLE)
  @ApiOperation({ summary: 'Get this document as JSON', description: 'OpenAPI 3.1.' })
  getOpenApiJson() {
    return this.document.json;
  }

  @Get('openapi.yaml')
  @Public()
  @ReturnsDocument('application/yaml', 'openapi: 3.1.0\n')
  @ApiOperation({ summary: 'Get this document as YAML', description: 'OpenAPI 3.1.' })
  getOpenApiYaml() {
    return this.document.yaml;
  }

  @Get('docs')
  @Public()
  @ReturnsDocument('text/html')
  @ApiExcludeEndpoint()
  getSwaggerUi() {
    return this.pages.swaggerUi;
  }

  @Get('redoc')
  @Public()
  @ReturnsDocument('text/html')
  @ApiExcludeEndpoint()
  getRedoc() {
    return this.pages.redoc;
  }

  @Get('docs/errors')
  @Public()
  @ReturnsDocument('text/html')
  @ApiExcludeEndpoint()
  getErrors() {
    return this.pages.errors;
  }

  @Get('docs/assets/:name')
  @Public()
  @ReturnsDocument('application/octet-stream')
  @ApiExcludeEndpoint()
  getAsset(@Param('name') name: string) {
    return assetNamed(name);
  }
}
