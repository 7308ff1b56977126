import { PickType } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IsText } from '../../http/validation/fields.js';
import { RegisterDto } from '../users/user.dto.js';

/** An address that nobody could have registered is a slip, and named as one: that tells nothing about accounts. */
export class RequestPasswordResetDto extends PickType(RegisterDto, ['email']) {}

export class ConfirmPasswordResetDto {
  /**
   * Of the link in the mail: what follows `#token=`.
   * @example "4hZ8yqkYRyK3m0c1Tt5kWbq2oJm8fXv3n6sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5"
   */
  @MaxLength(256)
  @IsString()
  token: string;

  /**
   * 12 to 128 characters, but none of the common passwords.
   * @example "a longer passphrase than before"
   */
  @IsText(12, 128)
  password: string;
}
