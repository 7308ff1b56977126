import { PickType } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IsText } from '../../http/validation/fields.js';
import { RegisterDto } from '../users/user.dto.js';

/** An address that could not be registered returns an error: this reveals nothing about accounts. */
export class RequestPasswordResetDto extends PickType(RegisterDto, ['email']) {}

export class ConfirmPasswordResetDto {
  /**
   * From the link in the e-mail: the part after `#token=`.
   * @example "4hZ8yqkYRyK3m0c1Tt5kWbq2oJm8fXv3n6sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5"
   */
  @MaxLength(256)
  @IsString()
  token: string;

  /**
   * 12 to 128 characters; common passwords are refused.
   * @example "a longer passphrase than before"
   */
  @IsText(12, 128)
  password: string;
}
