import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { renderSVG } from 'uqr';
import { invalid, Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { PasswordsService } from '../users/passwords.service.js';
import { UsersService } from '../users/users.service.js';
import { AppCodesService } from './app-codes.service.js';
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.js';
import { totpUri } from './totp.js';
import { TwoStepRepository } from './two-step.repository.js';
import { TwoStepService } from './two-step.service.js';
import type {
  DisableTwoStepDto,
  EnrolmentResponse,
  RecoveryCodesResponse,
  TwoStepStatus,
} from './two-step.dto.js';

/** How long a begun enrolment can be confirmed: a QR code that somebody left on a screen is worth nothing later. */
const ENROLMENT_MS = 60 * 60 * 1000;

/** Modules of white around the code, which readers need (ISO/IEC 18004), also on a dark page. */
const QUIET_ZONE = 4;

/** Turning two-step sign-in on and off, and its recovery codes. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly secrets: TwoStepRepository,
    private readonly appCodes: AppCodesService,
    private readonly twoStep: TwoStepService,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  async getStatus(userId: string): Promise<TwoStepStatus> {
    const secret = await this.secrets.findConfirmed(userId);
    return {
      enabledAt: secret?.confirmedAt ?? null,
      recoveryCodes: await this.secrets.countRecoveryCodes(userId),
    };
  }

  /**
   * Makes a secret, in the place of one that was not confirmed. It takes the password, so that nobody with a stolen token
   * can lock the owner out. @throws Problem `invalid_credentials`, `conflict`
   */
  async begin(userId: string, password: string): Promise<EnrolmentResponse> {
    const user = await this.users.getUser(userId);
    if (user.passwordHash === null) {
      throw new Problem('conflict', 'The account has no password yet. Set one with a password reset first.');
    }
    if (!(await this.passwords.verify(user.passwordHash, password))) {
      throw new Problem('invalid_credentials', 'current_password is wrong.');
    }
    const { secret, sealedSecret } = this.appCodes.create(userId);
    if (!(await this.secrets.begin({ userId, sealedSecret, createdAt: new Date() }))) {
      throw new Problem('conflict', 'Two-step sign-in is already on. Turn it off to set up another app.');
    }
    const uri = totpUri(secret, user.email);
    const image = renderSVG(uri, { ecc: 'M', border: QUIET_ZONE, pixelSize: 1 });
    return { secret, otpauth_uri: uri, qr_code_svg: image };
  }

  /** Turns it on, by a code that shows that the app has the secret. @throws Problem `validation_failed`, `conflict` */
  async confirm(userId: string, code: string): Promise<RecoveryCodesResponse> {
    const since = new Date(Date.now() - ENROLMENT_MS);
    const secret = (await this.secrets.findUnconfirmed(userId, since)) ?? nothingToConfirm();
    const fitting = this.appCodes.check(secret, code) ?? wrongCode();
    return this.transactions.run(async (tx) => {
      if (!(await this.secrets.confirm(tx, secret, fitting, new Date()))) nothingToConfirm();
      await this.events.append(tx, { type: 'user.two_step_enabled', resourceId: userId });
      return this.makeRecoveryCodes(tx, userId);
    });
  }

  /** New recovery codes instead of the old ones. @throws Problem `invalid_credentials`, `conflict` */
  async replaceRecoveryCodes(userId: string, code: string): Promise<RecoveryCodesResponse> {
    await this.assertEnabled(userId);
    if (!(await this.twoStep.verify(userId, code))) {
      throw new Problem('invalid_credentials', 'The code is wrong or already used.');
    }
    return this.transactions.run(async (tx) => {
      if (!(await this.secrets.lock(tx, userId))) isOff();
      await this.events.append(tx, { type: 'user.recovery_codes_replaced', resourceId: userId });
      return this.makeRecoveryCodes(tx, userId);
    });
  }

  /** @throws Problem `invalid_credentials`, `conflict` */
  async disable(userId: string, { current_password, code }: DisableTwoStepDto): Promise<void> {
    await this.assertEnabled(userId);
    const user = await this.users.getUser(userId);
    const isOwner =
      (await this.passwords.verify(user.passwordHash, current_password)) &&
      (await this.twoStep.verify(userId, code));
    if (!isOwner) throw new Problem('invalid_credentials', 'current_password or code is wrong.');
    if (!(await this.turnOff(userId))) isOff();
  }

  /** Without any code, by an administrator. @throws Problem `not_found` */
  async remove(userId: string): Promise<void> {
    await this.users.getUser(userId);
    if (!(await this.turnOff(userId))) throw new Problem('not_found');
  }

  private turnOff(userId: string): Promise<boolean> {
    return this.transactions.run(async (tx) => {
      const wasOn = await this.secrets.remove(tx, userId);
      if (wasOn) await this.events.append(tx, { type: 'user.two_step_disabled', resourceId: userId });
      return wasOn;
    });
  }

  private async assertEnabled(userId: string): Promise<void> {
    if (!(await this.twoStep.isEnabled(userId))) isOff();
  }

  private async makeRecoveryCodes(tx: EntityManager, userId: string): Promise<RecoveryCodesResponse> {
    const codes = newRecoveryCodes();
    const hashes = codes.map((code) => hashRecoveryCode(userId, code));
    await this.secrets.replaceRecoveryCodes(tx, userId, hashes);
    return { recovery_codes: codes };
  }
}

function isOff(): never {
  throw new Problem('conflict', 'Two-step sign-in is off.');
}

function nothingToConfirm(): never {
  throw new Problem('conflict', 'There is nothing to confirm. Start with POST /v1/auth/two-step.');
}

/** Nobody's credential yet, but a value that does not fit. */
function wrongCode(): never {
  throw invalid([
    { pointer: '/code', code: 'wrong_code', message: 'this is not the current code of the app' },
  ]);
}
