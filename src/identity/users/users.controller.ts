import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Idempotent } from '../../http/idempotency/idempotency.interceptor.js';
import { Access, SignedIn } from '../../http/access/access.decorators.js';
import { CurrentCaller } from '../../http/access/caller.js';
import type { Caller } from '../../http/access/caller.js';
import { Problems } from '../../http/problems/problems.decorator.js';
import { IfMatch } from '../../http/responses/etag.js';
import type { Precondition } from '../../http/responses/precondition.js';
import {
  Returns,
  ReturnsCreated,
  ReturnsNothing,
  ReturnsPage,
} from '../../http/responses/returns.decorators.js';
import { Id } from '../../http/validation/id.decorator.js';
import { CreateUserDto, ListUsersQuery, UpdateMeDto, UpdateUserDto, UserResponse } from './user.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get('me')
  @SignedIn()
  @Returns(UserResponse)
  @Problems('not_found')
  @ApiOperation({ summary: 'Get your account', description: 'Returns the account of the credential.' })
  getMe(@CurrentCaller() caller: Caller) {
    return this.users.getUser(caller.userId);
  }

  @Patch('me')
  @SignedIn()
  @Returns(UserResponse)
  @Problems('not_found')
  @ApiOperation({
    summary: 'Change your account',
    description: 'A merge patch of the field that you can change yourself: your name.',
  })
  updateMe(@CurrentCaller() caller: Caller, @Body() dto: UpdateMeDto, @IfMatch() precondition: Precondition) {
    return this.users.updateMe(caller.userId, dto, precondition);
  }

  @Delete('me')
  @SignedIn()
  @ReturnsNothing()
  @Problems('last_admin', 'not_found')
  @ApiOperation({
    summary: 'Delete your account',
    description: 'Ends all its sessions; the e-mail can be used again.',
  })
  deleteMe(@CurrentCaller() caller: Caller, @IfMatch() precondition: Precondition) {
    return this.users.deleteUser(caller.userId, precondition);
  }

  @Get()
  @Access('users:admin')
  @ReturnsPage(UserResponse)
  @ApiOperation({ summary: 'List users', description: 'Returns the newest first; you can combine filters.' })
  listUsers(@Query() query: ListUsersQuery) {
    return this.users.listUsers(query);
  }

  @Post()
  @Access('users:admin')
  @Idempotent()
  @ReturnsCreated(UserResponse, '/v1/users')
  @Problems('duplicate_email')
  @ApiOperation({
    summary: 'Create a user',
    description: 'Creates an account with any role and an initial password.',
  })
  createUser(@Body() dto: CreateUserDto) {
    return this.users.createUser(dto);
  }

  @Get(':id')
  @Access('users:admin')
  @Returns(UserResponse)
  @ApiOperation({ summary: 'Get a user', description: 'Returns an ETag for conditional requests.' })
  getUser(@Id() id: string) {
    return this.users.getUser(id);
  }

  @Patch(':id')
  @Access('users:admin')
  @Returns(UserResponse)
  @Problems('duplicate_email', 'last_admin')
  @ApiOperation({
    summary: 'Change a user',
    description: 'A merge patch. A changed role or is_active applies to existing tokens within five seconds.',
  })
  updateUser(@Id() id: string, @Body() dto: UpdateUserDto, @IfMatch() precondition: Precondition) {
    return this.users.updateUser(id, dto, precondition);
  }

  @Delete(':id')
  @Access('users:admin')
  @ReturnsNothing()
  @Problems('last_admin')
  @ApiOperation({
    summary: 'Delete a user',
    description: 'Signs the user out everywhere; the e-mail can be used again.',
  })
  deleteUser(@Id() id: string, @IfMatch() precondition: Precondition) {
    return this.users.deleteUser(id, precondition);
  }
}
