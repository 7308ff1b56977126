import { IsString, MaxLength } from 'class-validator';

export class ConfirmEmailVerificationDto {
  /**
   * From the link in the e-mail: the part after `#token=`.
   * @example "4hZ8yqkYRyK3m0c1Tt5kWbq2oJm8fXv3n6sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5"
   */
  @MaxLength(256)
  @IsString()
  token: string;
}
