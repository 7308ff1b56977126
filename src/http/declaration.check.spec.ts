import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { Returns, ReturnsCreated } from './responses/returns.decorators.js';
import { Public } from './access/access.decorators.js';
import { DeclarationCheck } from './declaration.check.js';

class Thing {
  id: string;

  static from(thing: Thing): Thing {
    return thing;
  }
}

@Controller('complete')
class CompleteController {
  @Get()
  @Public()
  @Returns(Thing)
  getThing() {
    return this.helper();
  }

  helper() {
    return {};
  }
}

@Controller('forgetful')
class ForgetfulController {
  @Get('a')
  @Returns(Thing)
  withoutAccess() {
    return {};
  }

  @Get('b')
  @Public()
  withoutAnswer() {
    return {};
  }

  @Post()
  @Public()
  @ReturnsCreated(Thing)
  withoutRepetition() {
    return {};
  }
}

/** Starts an application of these controllers; it listens nowhere. */
async function start(...controllers: (new () => object)[]): Promise<void> {
  @Module({ imports: [DiscoveryModule], controllers, providers: [DeclarationCheck] })
  class TestModule {}
  const app = await NestFactory.createApplicationContext(TestModule, { logger: false, abortOnError: false });
  await app.close();
}

describe('DeclarationCheck', () => {
  it('lets a service start whose handlers all say who may call them and what they answer', async () => {
    await expect(start(CompleteController)).resolves.toBeUndefined();
  });

  it('stops the start-up and names every handler that does not', async () => {
    await expect(start(CompleteController, ForgetfulController)).rejects.toThrow(
      'Handlers lack a declaration:\n' +
        '  - ForgetfulController.withoutAccess: @Access(scope), @SignedIn() or @Public()\n' +
        '  - ForgetfulController.withoutAnswer: @Returns(...) or one of its kin\n' +
        '  - ForgetfulController.withoutRepetition: @Idempotent(), as it creates something',
    );
  });
});
