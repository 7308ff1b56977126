import type { ApiClient } from './api-client.js';

export interface CreatedKey extends Record<string, unknown> {
  id: string;
  prefix: string;
  key: string;
}

/** What a client sends to create an API key: the required fields, and these. */
export const aKey = (fields: object = {}) => ({ name: 'Import', scopes: ['products:read'], ...fields });

/** Creates a key over HTTP, and expects that to work. */
export async function createKey(api: ApiClient, fields: object = {}): Promise<CreatedKey> {
  const { status, body, text } = await api.post<CreatedKey>('/v1/api-keys', aKey(fields));
  if (status !== 201) throw new Error(`The key was not created: ${status} ${text}`);
  return body;
}

export async function keyIdsOf(api: ApiClient): Promise<unknown[]> {
  return (await api.get('/v1/api-keys?limit=100')).body.data.map(({ id }) => id);
}
