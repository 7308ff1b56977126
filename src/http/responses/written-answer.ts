import type { StreamableFile } from '@nestjs/common';

/** What an interceptor of a handler has written itself; the ResponseInterceptor sends it as it is. */
export class WrittenAnswer {
  constructor(readonly content: string | StreamableFile) {}
}
