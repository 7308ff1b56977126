import { ApiProperty } from '@nestjs/swagger';

export class HealthResponse {
  @ApiProperty({ enum: ['ok'] })
  status: string;

  static from({ status }: HealthResponse): HealthResponse {
    return { status };
  }
}
