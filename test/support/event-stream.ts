import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { until } from './until.js';

export interface StreamedMessage {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A stream of server-sent events, read as it comes. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly messages: readonly StreamedMessage[];
  /** All that came, as it came. */
  raw(): string;
  /** Waits until so many messages have come. */
  atLeast(count: number): Promise<readonly StreamedMessage[]>;
  /** Once the answer has ended; false if it broke off. */
  readonly ended: Promise<boolean>;
  leave(): void;
}

/** With the credential among the headers. */
export async function openStream(url: string, headers: Record<string, string>): Promise<OpenStream> {
  const request = get(`${url}/v1/events/stream`, { headers, agent: false });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = response;
  if (status !== 200) throw new Error(`No stream: ${status} ${await text(response)}`);
  const messages: StreamedMessage[] = [];
  let raw = '';
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    raw += chunk;
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    messages.push(...blocks.flatMap(parse));
  });
  return {
    status,
    headers: response.headers,
    messages,
    raw: () => raw,
    atLeast: (count) => until(() => messages.length >= count && messages),
    ended: new Promise((resolve) => {
      response.once('end', () => resolve(true));
      response.once('error', () => resolve(false));
    }),
    leave: () => request.destroy(),
  };
}

/** One block of a stream; without data it is no message (WHATWG HTML, 9.2.6). */
function parse(block: string): StreamedMessage[] {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  if (data === undefined) return [];
  return [
    { id: field('id') ?? '', event: field('event') ?? '', data: JSON.parse(data) as StreamedMessage['data'] },
  ];
}
