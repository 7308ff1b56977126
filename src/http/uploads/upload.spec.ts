import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Upload, UploadIncomplete } from './upload.js';
import type { UploadOptions } from './upload.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An upload as a server gets it from a client that has yet to send it. */
async function receive(
  options: Partial<UploadOptions> = {},
): Promise<{ upload: Upload; sender: ClientRequest }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = once(server, 'request') as Promise<Parameters<RequestListener>>;
  const sender = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', method: 'POST' });
  sender.on('error', () => undefined);
  closing.push(() => {
    sender.destroy();
    server.closeAllConnections();
    server.close();
  });
  sender.flushHeaders();
  const [incoming] = await received;
  return { upload: uploadOf(incoming, options), sender };
}

const uploadOf = (incoming: IncomingMessage, options: Partial<UploadOptions>): Upload =>
  new Upload(incoming, { mediaType: 'text/csv', maxBytes: 1_000_000, ...options });

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function textOf(upload: Upload): Promise<string> {
  let text = '';
  for await (const chunk of upload) text += chunk.toString();
  return text;
}

describe('Upload', () => {
  it('is read as it comes, and has a digest of all of it', async () => {
    const { upload, sender } = await receive();
    sender.end('a body');
    expect(await textOf(upload)).toBe('a body');
    expect((await upload.digest()).toString('hex')).toBe(sha256('a body'));
  });

  it('has the same digest where nobody reads it, or not to its end', async () => {
    const text = 'x'.repeat(300_000);
    const unread = await receive();
    unread.sender.end(text);
    expect((await unread.upload.digest()).toString('hex')).toBe(sha256(text));
    expect((await unread.upload.digest()).toString('hex')).toBe(sha256(text));
    const begun = await receive();
    begun.sender.end(text);
    for await (const chunk of begun.upload) if (chunk.length > 0) break;
    expect((await begun.upload.digest()).toString('hex')).toBe(sha256(text));
  });

  it('is unzipped, and bounded by what comes out', async () => {
    const zipped = gzipSync('x'.repeat(100_000));
    const small = await receive({ gzip: true });
    small.sender.end(zipped);
    expect(await textOf(small.upload)).toHaveLength(100_000);
    const bomb = await receive({ gzip: true, maxBytes: 99_999 });
    bomb.sender.end(zipped);
    await expect(bomb.upload.digest()).rejects.toMatchObject({ code: 'payload_too_large' });
    await expect(bomb.upload.digest()).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  it.each([false, true])('is incomplete when its sender is gone (gzip: %s)', async (gzip) => {
    const { upload, sender } = await receive({ gzip });
    sender.write(gzip ? gzipSync('x'.repeat(100_000)).subarray(0, 50) : 'x');
    const reading = textOf(upload);
    setImmediate(() => sender.destroy());
    await expect(reading).rejects.toBeInstanceOf(UploadIncomplete);
  });

  it('is incomplete when nothing comes any more', async () => {
    const { upload, sender } = await receive({ idleMs: 50 });
    sender.write('x');
    await expect(textOf(upload)).rejects.toThrow('Received nothing for 0.05 seconds.');
  });
});
