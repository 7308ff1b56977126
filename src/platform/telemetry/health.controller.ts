import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../../http/access/access.decorators.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { ReturnsObject } from '../../http/responses/returns.decorators.js';
import { HealthResponse } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('Operations')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Public()
  @ReturnsObject(HealthResponse)
  @ApiOperation({ summary: 'Check that the process runs', description: 'Checks only the process itself.' })
  getLive() {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public()
  @ReturnsObject(HealthResponse)
  @Problems('unavailable')
  @ApiOperation({
    summary: 'Check that it can serve requests',
    description:
      'Checks that the database responds with the schema of this version, and that the service is not stopping.',
  })
  async getReady() {
    await this.health.assertReady();
    return { status: 'ok' };
  }
}
