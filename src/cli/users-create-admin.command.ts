import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { isEmail } from 'class-validator';
import { Option, SubCommand } from 'nest-commander';
import { UsersService } from '../identity/users/users.service.js';
import { CliCommand, UsageError } from './command.js';
import { say } from './output.js';
import { Stockroom } from './stockroom.js';

interface Options {
  name: string;
  passwordStdin?: boolean;
}

@SubCommand({
  name: 'create-admin',
  arguments: '<email>',
  description: 'make an administrator, with a new password that is shown once',
})
export class UsersCreateAdminCommand extends CliCommand {
  protected readonly examples = [
    'users create-admin ann@example.com',
    'users create-admin ann@example.com --name "Ann Otter" --password-stdin <password.txt',
  ];

  constructor(private readonly stockroom: Stockroom) {
    super();
  }

  async run([email = '']: string[], { name, passwordStdin = false }: Options): Promise<void> {
    if (!isEmail(email)) throw new UsageError(`${email} is not an e-mail address.`);
    const given = passwordStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
    if (given !== undefined && ([...given].length < 12 || [...given].length > 128))
      throw new UsageError('The password must have 12 to 128 characters.');
    const password = given ?? randomBytes(15).toString('base64url');
    await this.stockroom.use((app) =>
      app.get(UsersService).createUser({ email, password, full_name: name, role: 'admin' }),
    );
    say(`${email} is an administrator now.`);
    if (given === undefined) say(`Password: ${password}   (shown only this once)`);
  }

  @Option({ flags: '--name <text>', description: 'the full name', defaultValue: 'Administrator' })
  parseName(name: string): string {
    const length = [...name].length;
    if (length < 2 || length > 100) throw new UsageError('--name must have 2 to 100 characters.');
    return name;
  }

  // On the command line everybody on the machine could read it.
  @Option({ flags: '--password-stdin', description: 'take the password from the standard input' })
  parsePasswordStdin(): boolean {
    return true;
  }
}
