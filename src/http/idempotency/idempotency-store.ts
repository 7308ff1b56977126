/** What keeps the answers of Idempotency-Keys; the platform provides it. */
export const IDEMPOTENCY_STORE = Symbol('IDEMPOTENCY_STORE');

/** One use of a key. */
export interface KeyedRequest {
  /** Of the caller and the route, see `keyScopeOf`. */
  readonly scope: string;
  readonly key: string;
  /** What the request asks for: whoever repeats the key must ask for the same. */
  fingerprint(): Promise<string>;
}

/** An answer as it is kept: its body byte for byte, and the headers that are part of it. */
export interface KeptAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface IdempotencyStore {
  /**
   * Does the work if nobody has done it under this key, and keeps its answer in the same transaction; else returns the kept one.
   * @throws Problem `idempotency_in_progress`, `idempotency_key_reused`
   */
  answer(request: KeyedRequest, work: () => Promise<KeptAnswer>): Promise<KeptAnswer & { replayed: boolean }>;
}
