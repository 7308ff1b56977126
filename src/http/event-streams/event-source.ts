/** One message of a stream: what it is about, and by which id a client says that it has it. */
export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  readonly row: unknown;
}

/** What a handler that `@ReturnsEventStream` returns; each client has its own. */
export interface EventSource {
  /** What has come since the last call, in order, and no more than a stream should hold at once; perhaps nothing. */
  next(): Promise<readonly StreamedEvent[]>;
  /** Calls the listener when `next` may have something. @returns what ends that */
  subscribe(listener: () => void): () => void;
}
