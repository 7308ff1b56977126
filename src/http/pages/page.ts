import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { FromInteger } from '../validation/query-values.js';
import { IsTimestamp, OptionalField } from '../validation/fields.js';

/** Some rows of a list, and where the next ones begin (null: nowhere). */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextCursor: string | null;
}

/** What every list takes besides its own filters and sorts. */
export class PageQuery {
  /** The maximum number of items to return. */
  @ApiProperty({ type: 'integer' })
  @Max(100)
  @Min(1)
  @IsInt()
  @FromInteger()
  limit: number = 20;

  /** The `next_cursor` of the previous page; use it with the same sort and filters. */
  @MaxLength(4096)
  @IsString()
  @OptionalField()
  cursor?: string;
}

/** What lists take besides, whose items tell when they were created. */
export class CreatedRangeQuery extends PageQuery {
  /** Only items created after this time. */
  @IsTimestamp()
  @OptionalField()
  created_after?: string;

  /** Only items created before this time. */
  @IsTimestamp()
  @OptionalField()
  created_before?: string;
}
