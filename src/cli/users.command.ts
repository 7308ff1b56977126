import { Command } from 'nest-commander';
import { CommandGroup } from './command.js';
import { UsersCreateAdminCommand } from './users-create-admin.command.js';

@Command({ name: 'users', description: 'the accounts', subCommands: [UsersCreateAdminCommand] })
export class UsersCommand extends CommandGroup {
  protected readonly examples = ['users create-admin ann@example.com'];
}
