import { Injectable } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { stringify } from 'yaml';
import { Config } from '../../config/index.js';
import { buildOpenApiDocument } from './openapi.js';
import { publish } from './published-file.js';
import type { PublishedFile } from './published-file.js';

/** The OpenAPI document as it is served; made when somebody asks for the first time, and kept as text. */
@Injectable()
export class ApiDocument {
  private app: INestApplication | undefined;
  private files: { json: PublishedFile; yaml: PublishedFile } | undefined;

  constructor(private readonly config: Config) {}

  /** Only the finished application knows all of its handlers; no provider can inject it. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  get json(): PublishedFile {
    return this.build().json;
  }

  get yaml(): PublishedFile {
    return this.build().yaml;
  }

  private build() {
    if (this.files) return this.files;
    if (!this.app) throw new Error('The application has not been described');
    const document = buildOpenApiDocument(this.app, this.config);
    this.files = {
      json: publish('application/json; charset=utf-8', JSON.stringify(document, null, 2)),
      yaml: publish('application/yaml; charset=utf-8', stringify(document, { aliasDuplicateObjects: false })),
    };
    return this.files;
  }
}
