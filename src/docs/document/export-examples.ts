import { EXPORT_FORMATS } from '../../http/exports/export-formats.js';
import { exampleOf } from './schema-example.js';
import type { Components, Response } from './types.js';

/** Shows an export by the item that the example of a page holds, as the service itself would write it. */
export function exampleExports({ content = {} }: Response, components: Components): void {
  const page = content['application/json']?.schema;
  for (const format of EXPORT_FORMATS) {
    const media = content[format.mediaType];
    if (!media || !page) continue;
    const { data } = exampleOf(page, components.schemas) as { data: [object] };
    const columns = Object.keys(data[0]);
    media.example = format.begin(columns) + format.line(data[0], columns);
  }
}
