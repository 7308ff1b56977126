import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersModule } from '../users/users.module.js';
import { AppCodesService } from './app-codes.service.js';
import { EnrolmentService } from './enrolment.service.js';
import { RecoveryCode } from './recovery-code.entity.js';
import { TwoStepSecret } from './two-step-secret.entity.js';
import { TwoStepController } from './two-step.controller.js';
import { TwoStepRepository } from './two-step.repository.js';
import { TwoStepService } from './two-step.service.js';
import { UserTwoStepController } from './user-two-step.controller.js';

@Module({
  imports: [TypeOrmModule.forFeature([TwoStepSecret, RecoveryCode]), UsersModule],
  controllers: [TwoStepController, UserTwoStepController],
  providers: [TwoStepService, EnrolmentService, AppCodesService, TwoStepRepository],
  exports: [TwoStepService],
})
export class TwoStepModule {}
