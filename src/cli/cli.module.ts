import { Module } from '@nestjs/common';
import { InjectCommander } from 'nest-commander';
import type { CommandRunner } from 'nest-commander';
import { CatalogueExportCommand } from './catalogue-export.command.js';
import { CatalogueGenerateCommand } from './catalogue-generate.command.js';
import { CatalogueImportCommand } from './catalogue-import.command.js';
import { CatalogueCommand } from './catalogue.command.js';
import { KeysRotateCommand } from './keys-rotate.command.js';
import { KeysCommand } from './keys.command.js';
import { StockReconcileCommand } from './stock-reconcile.command.js';
import { StockCommand } from './stock.command.js';
import { Stockroom } from './stockroom.js';
import { UsersCreateAdminCommand } from './users-create-admin.command.js';
import { UsersCommand } from './users.command.js';

@Module({
  providers: [
    Stockroom,
    CatalogueCommand,
    CatalogueImportCommand,
    CatalogueExportCommand,
    CatalogueGenerateCommand,
    StockCommand,
    StockReconcileCommand,
    UsersCommand,
    UsersCreateAdminCommand,
    KeysCommand,
    KeysRotateCommand,
  ],
})
export class CliModule {
  constructor(@InjectCommander() commander: CommandRunner['command']) {
    commander.name('npm run --silent cli --');
  }
}
