import { ApiProperty, PartialType, PickType } from '@nestjs/swagger';
import { IsBoolean, IsEmail, IsIn } from 'class-validator';
import { ROLE_NAMES } from '../../../config/scopes.js';
import type { Role } from '../../../config/scopes.js';
import { PageQuery } from '../../http/pages/page.js';
import { IsSort } from '../../http/pages/sort.decorator.js';
import { IsText, OptionalField } from '../../http/validation/fields.js';
import { FromBoolean } from '../../http/validation/query-values.js';
import type { User } from './user.entity.js';

export class RegisterDto {
  /**
   * Unique, ignoring case.
   * @example "grace@example.com"
   */
  @IsEmail({}, { message: '$property must be an e-mail address' })
  @IsText(3, 254)
  email: string;

  /**
   * Any characters; common passwords are refused.
   * @example "correct horse battery staple"
   */
  @IsText(12, 128)
  password: string;

  /** @example "Grace Hopper" */
  @IsText(2, 100)
  full_name: string;
}

export class CreateUserDto extends RegisterDto {
  /** What the user may do. */
  @ApiProperty({ enum: ROLE_NAMES, default: 'customer' })
  @IsIn(ROLE_NAMES)
  @OptionalField()
  role?: Role;
}

class UserFields extends PickType(RegisterDto, ['email', 'full_name']) {
  /** What the user may do; applies to existing tokens within seconds. */
  @ApiProperty({ enum: ROLE_NAMES })
  @IsIn(ROLE_NAMES)
  role: Role;

  /** An inactive user is signed out everywhere and cannot sign in. */
  @IsBoolean()
  is_active: boolean;
}

/** A merge patch (RFC 7396): omitted fields stay unchanged. */
export class UpdateUserDto extends PartialType(UserFields, { skipNullProperties: false }) {}

/** A merge patch (RFC 7396) of your own account. */
export class UpdateMeDto extends PartialType(PickType(RegisterDto, ['full_name']), {
  skipNullProperties: false,
}) {}

export class ListUsersQuery extends PageQuery {
  /** Only users with this role. */
  @ApiProperty({ enum: ROLE_NAMES })
  @IsIn(ROLE_NAMES)
  @OptionalField()
  role?: Role;

  /** Only active or only inactive users. */
  @IsBoolean({ message: '$property must be true or false' })
  @FromBoolean()
  @OptionalField()
  is_active?: boolean;

  /** The user with exactly this address, ignoring case. */
  @IsText(1, 254)
  @OptionalField()
  email?: string;

  /** Part of the e-mail or the name, ignoring case. */
  @IsText(1, 200)
  @OptionalField()
  q?: string;

  /** `-` for descending. */
  @IsSort('created_at')
  sort: string = '-created_at';
}

export class UserResponse {
  /** @example "0198c0de-7a11-7b3c-9d4e-5f60718293a4" */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** @example "grace@example.com" */
  email: string;

  /** @example "Grace Hopper" */
  full_name: string;

  @ApiProperty({ enum: ROLE_NAMES })
  role: Role;

  /** @example true */
  is_active: boolean;

  /** @example false */
  email_verified: boolean;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /** @example "2026-03-01T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  static from(user: User): UserResponse {
    return {
      id: user.id,
      email: user.email,
      full_name: user.fullName,
      role: user.role,
      is_active: user.isActive,
      email_verified: user.emailVerified,
      created_at: user.createdAt.toISOString(),
      updated_at: user.updatedAt.toISOString(),
    };
  }
}
