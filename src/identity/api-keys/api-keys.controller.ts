import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { PageQuery } from '../../http/pages/page.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { IfMatch } from '../../http/responses/etag.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { NoStore } from '../../http/responses/no-store.decorator.js';
import {
  Returns,
  ReturnsCreated,
  ReturnsNothing,
  ReturnsPage,
} from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { ApiKeyResponse, CreateApiKeyDto, CreatedApiKeyResponse } from './api-key.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@ApiTags('API keys')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Get()
  @SignedIn()
  @ReturnsPage(ApiKeyResponse)
  @ApiOperation({
    summary: 'List your API keys',
    description: 'Returns the newest first, including expired ones, without the keys themselves.',
  })
  listApiKeys(@CurrentCaller() { userId }: Caller, @Query() query: PageQuery) {
    return this.keys.listKeys(userId, query);
  }

  @Post()
  @SignedIn()
  @NoStore()
  @Idempotent()
  @ReturnsCreated(CreatedApiKeyResponse, '/v1/api-keys')
  @Problems('conflict')
  @ApiOperation({
    summary: 'Create an API key',
    description:
      'It can have any of your own scopes, as long as your role allows them. The key is shown once. A key created with' +
      ' another key expires no later than that one. You can have up to 100 keys.',
  })
  createApiKey(@CurrentCaller() caller: Caller, @Body() dto: CreateApiKeyDto) {
    return this.keys.createKey(caller, dto);
  }

  @Get(':id')
  @SignedIn()
  @Returns(ApiKeyResponse)
  @ApiOperation({ summary: 'Get one of your API keys', description: 'Without the key itself.' })
  getApiKey(@CurrentCaller() { userId }: Caller, @Id() id: string) {
    return this.keys.getKey(userId, id);
  }

  @Delete(':id')
  @SignedIn()
  @ReturnsNothing()
  @ApiOperation({
    summary: 'Revoke one of your API keys',
    description: 'Every instance refuses it within five seconds, along with the keys created with it.',
  })
  revokeApiKey(@CurrentCaller() { userId }: Caller, @Id() id: string, @IfMatch() precondition: Precondition) {
    return this.keys.revokeKey(userId, id, precondition);
  }
}
