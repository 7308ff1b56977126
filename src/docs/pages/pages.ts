import { Injectable } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import type { PublishedFile } from '../published-file.js';
import { errorsPage } from './errors-page.js';
import { indexForPrograms, indexPage } from './index-page.js';
import { redocPage, swaggerUiPage } from './viewer-pages.js';

export { INDEX_EXAMPLE } from './index-page.js';

/** The pages for people; they change with the version of the service only. */
@Injectable()
export class Pages {
  readonly index: PublishedFile = indexPage();
  readonly indexForPrograms: PublishedFile;
  readonly swaggerUi: PublishedFile = swaggerUiPage();
  readonly redoc: PublishedFile = redocPage();
  readonly errors: PublishedFile;

  constructor({ http }: Config) {
    this.indexForPrograms = indexForPrograms(http.publicUrl);
    this.errors = errorsPage(http.publicUrl);
  }
}
