/** What is wrong with one row of a file; the field is null where it is the row as a whole. */
export interface RowError {
  readonly field: string | null;
  readonly code: string;
  readonly message: string;
}

/** A row as the file has it: its values by field, or why there are none. */
export type FileRow = { readonly line: number } & (
  | { readonly values: Readonly<Record<string, unknown>>; readonly error?: undefined }
  | { readonly error: RowError }
);

/** The rows of a file, some at a time, each read when it is asked for. @throws FileFault, Problem */
export type FileRows = AsyncIterable<Iterable<FileRow>>;

/** What an export has besides what can be written; ignored, so that it can be imported again. */
export const READ_ONLY_FIELDS: ReadonlySet<string> = new Set(['id', 'created_at', 'updated_at']);
