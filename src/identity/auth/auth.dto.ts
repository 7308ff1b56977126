import { IsString, MaxLength } from 'class-validator';
import { IsText } from '../../http/validation/fields.js';

export class LoginDto {
  /** @example "grace@example.com" */
  @MaxLength(254)
  @IsString()
  email: string;

  /** @example "correct horse battery staple" */
  @MaxLength(1024)
  @IsString()
  password: string;
}

export class ConfirmLoginDto {
  /**
   * The `mfa_token` of the `mfa_required` response to the login.
   * @example "4hZ8yqkYRyK3m0c1Tt5kWbq2oJm8fXv3n6sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5"
   */
  @MaxLength(256)
  @IsString()
  mfa_token: string;

  /**
   * Six digits from the authenticator app, or a recovery code.
   * @example "287082"
   */
  @MaxLength(64)
  @IsString()
  code: string;
}

export class RefreshTokenDto {
  /**
   * The refresh token of the last login or refresh.
   * @example "rt_AZjA3noRezydTl9gcYKTpLZ8Hn4K0o8q2d1m0yT0bFf2vJ7cX5sQ9wE3rT6yU8iO1pA4sD7fG0hJ2kL5zX8cVg"
   */
  @MaxLength(256)
  @IsString()
  refresh_token: string;
}

export class ChangePasswordDto {
  /** @example "correct horse battery staple" */
  @MaxLength(1024)
  @IsString()
  current_password: string;

  /**
   * 12 to 128 characters; common passwords are refused.
   * @example "a longer passphrase than before"
   */
  @IsText(12, 128)
  password: string;
}
