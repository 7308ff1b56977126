import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IsText, OptionalField } from '../../http/validation/fields.js';

export class BeginOidcQuery {
  /**
   * The page that the browser returns to, with an origin in `CORS_ORIGINS`. Without it, the callback itself returns
   * the tokens.
   * @example "https://shop.example.com/signed-in?state=af0ifjsldkj"
   */
  @ApiProperty({ format: 'uri' })
  @IsText(1, 2000)
  @OptionalField()
  return_to?: string;
}

export class ExchangeOidcCodeDto {
  /**
   * The `code` that `return_to` received: works once, within a minute.
   * @example "4hZ8yqkYRyK3m0c1Tt5kWbq2oJm8fXv3n6sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5"
   */
  @MaxLength(256)
  @IsString()
  code: string;
}
