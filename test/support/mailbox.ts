import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import type { Email } from 'postal-mime';

/** What a service without SMTP_URL has written to its DATA_DIR (best one of its own), oldest first. */
export async function mailsIn(dataDir: string): Promise<Email[]> {
  return Promise.all(mailFilesIn(dataDir).map((file) => PostalMime.parse(readFileSync(file))));
}

export function mailFilesIn(dataDir: string): string[] {
  const folder = join(dataDir, 'mail');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}
