import type { ApiClient, ApiResponse } from './api-client.js';
import { until } from './until.js';

export interface ImportBody extends Record<string, unknown> {
  id: string;
  status: string;
  dry_run: boolean;
  total_rows: number;
  processed_rows: number;
  created_rows: number;
  updated_rows: number;
  unchanged_rows: number;
  failed_rows: number;
  error: { code: string; message: string } | null;
  errors: { line: number; field: string | null; code: string; message: string }[];
}

const PATH = '/v1/product-imports';

export const CSV = { 'content-type': 'text/csv' };
export const NDJSON = { 'content-type': 'application/x-ndjson' };

export const upload = (
  api: ApiClient,
  file: string | Uint8Array,
  headers: Record<string, string> = CSV,
  query = '',
): Promise<ApiResponse<ImportBody>> => api.post<ImportBody>(PATH + query, file, headers);

/** Uploads a file, which must be taken, and waits until it was carried out. */
export async function importFile(
  api: ApiClient,
  file: string | Uint8Array,
  headers: Record<string, string> = CSV,
  query = '',
): Promise<ImportBody> {
  const { status, body, text } = await upload(api, file, headers, query);
  if (status !== 202) throw new Error(`The file was not taken: ${status} ${text}`);
  return ended(api, body.id);
}

/** The import once it has ended; it must get there. What is done before each look may hurry it. */
export async function ended(
  api: ApiClient,
  id: string,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<ImportBody> {
  return until(async () => {
    await before();
    const { body } = await api.get<ImportBody>(`${PATH}/${id}`);
    return !['pending', 'running'].includes(body.status) && body;
  });
}

/** Rows of an import by what became of them: total, created, updated, unchanged, failed. */
export function countsOf(body: ImportBody): number[] {
  return [body.total_rows, body.created_rows, body.updated_rows, body.unchanged_rows, body.failed_rows];
}
