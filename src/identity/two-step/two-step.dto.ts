import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';

export class BeginTwoStepDto {
  /** @example "correct horse battery staple" */
  @MaxLength(256)
  @IsString()
  current_password: string;
}

export class ConfirmTwoStepDto {
  /**
   * The six digits that the app currently shows.
   * @example "287082"
   */
  @MaxLength(64)
  @IsString()
  code: string;
}

export class ReplaceRecoveryCodesDto {
  /**
   * Six digits from the app, or a recovery code.
   * @example "287082"
   */
  @MaxLength(64)
  @IsString()
  code: string;
}

export class DisableTwoStepDto extends ReplaceRecoveryCodesDto {
  /** @example "correct horse battery staple" */
  @MaxLength(256)
  @IsString()
  current_password: string;
}

export class TwoStepResponse {
  /** @example true */
  enabled: boolean;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  enabled_at: string | null;

  /**
   * The number of unused recovery codes.
   * @example 10
   */
  @ApiProperty({ type: 'integer' })
  recovery_codes_left: number;

  static from({ enabledAt, recoveryCodes }: TwoStepStatus): TwoStepResponse {
    return {
      enabled: enabledAt !== null,
      enabled_at: enabledAt?.toISOString() ?? null,
      recovery_codes_left: recoveryCodes,
    };
  }
}

export interface TwoStepStatus {
  readonly enabledAt: Date | null;
  readonly recoveryCodes: number;
}

export class EnrolmentResponse {
  /**
   * In base32, for manual entry.
   * @example "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
   */
  secret: string;

  /**
   * The content of the QR code.
   * @example "otpauth://totp/Stockroom:grace%40example.com?issuer=Stockroom&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30"
   */
  otpauth_uri: string;

  /**
   * An SVG image to show.
   * @example "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 61 61\"></svg>"
   */
  qr_code_svg: string;

  static from(enrolment: EnrolmentResponse): EnrolmentResponse {
    return {
      secret: enrolment.secret,
      otpauth_uri: enrolment.otpauth_uri,
      qr_code_svg: enrolment.qr_code_svg,
    };
  }
}

export class RecoveryCodesResponse {
  /**
   * Each works once, instead of a code from the app. They are shown once.
   * @example ["k3f9-x7m2-p8qw-z4tn", "0d5h-v1rc-9ybj-s6ge"]
   */
  recovery_codes: string[];

  static from({ recovery_codes }: RecoveryCodesResponse): RecoveryCodesResponse {
    return { recovery_codes };
  }
}
