import { Module } from '@nestjs/common';
import { ApiDocument } from './api-document.js';
import { DocsController } from './docs.controller.js';
import { Pages } from './pages/pages.js';

@Module({ controllers: [DocsController], providers: [ApiDocument, Pages] })
export class DocsModule {}
