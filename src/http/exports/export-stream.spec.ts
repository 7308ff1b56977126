import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExportStream, textOf } from './export-stream.js';

const PATIENCE_MS = 60_000;

/** Tells which batches were asked for, and whether the reader said that it is done. */
class Source {
  asked = 0;
  returned = false;

  constructor(private readonly failAt = Infinity) {}

  async *read(): AsyncGenerator<number[]> {
    try {
      for (this.asked = 1; this.asked <= 3; this.asked += 1) {
        await Promise.resolve();
        if (this.asked === this.failAt) throw new Error('broken');
        yield [this.asked * 10, this.asked * 10 + 1];
      }
    } finally {
      this.returned = true;
    }
  }
}

const streamOf = (source: Source) => new ExportStream(textOf(source.read(), 'head\n', String), PATIENCE_MS);

describe('textOf', () => {
  it('makes a chunk of each batch, and sends the head with the first', async () => {
    const chunks = await Array.fromAsync(textOf(new Source().read(), 'head\n', String));
    expect(chunks).toEqual(['head\n1011', '2021', '3031']);
  });

  it('is the head alone, or nothing, where there are no rows', async () => {
    const none = async function* (): AsyncGenerator<number[]> {};
    expect(await Array.fromAsync(textOf(none(), 'head\n', String))).toEqual(['head\n']);
    expect(await Array.fromAsync(textOf(none(), '', String))).toEqual([]);
  });
});

describe('ExportStream', () => {
  it('is the whole text, and closed once the source is done', async () => {
    const source = new Source();
    const stream = streamOf(source);
    await stream.begin();
    const closed = once(stream, 'close');
    expect(await text(stream)).toBe('head\n101120213031');
    await closed;
    expect(source.returned).toBe(true);
  });

  it('asks for no more than it has room for', async () => {
    const source = new Source();
    const stream = streamOf(source);
    await stream.begin();
    await new Promise(setImmediate);
    expect(source.asked).toBe(1);
    stream.destroy();
  });

  it('tells a failure to begin before there is anything to read, and is closed', async () => {
    const source = new Source(1);
    const stream = streamOf(source);
    const closed = once(stream, 'close');
    await expect(stream.begin()).rejects.toThrow('broken');
    await closed;
    expect(source.returned).toBe(true);
  });

  it('breaks where the source does', async () => {
    const stream = streamOf(new Source(2));
    await stream.begin();
    await expect(text(stream)).rejects.toThrow('broken');
  });

  it('lets the source clean up before it is closed, also if it was never read', async () => {
    const source = new Source();
    const stream = streamOf(source);
    await stream.begin();
    stream.destroy();
    await once(stream, 'close');
    expect(source.returned).toBe(true);
  });

  describe('with a reader that stops', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
    afterEach(() => void vi.useRealTimers());

    const stallsOf = async () => {
      const stream = streamOf(new Source());
      let stalls = 0;
      stream.on('stall', () => (stalls += 1));
      await stream.begin();
      return { stream, stalls: () => stalls };
    };

    it('tells when it has waited for long enough', async () => {
      const { stream, stalls } = await stallsOf();
      vi.advanceTimersByTime(PATIENCE_MS - 1);
      expect(stalls()).toBe(0);
      vi.advanceTimersByTime(1);
      expect(stalls()).toBe(1);
      stream.destroy();
    });

    it('waits anew for each chunk, also the last', async () => {
      const { stream, stalls } = await stallsOf();
      for (let chunk = 0; chunk < 3; chunk += 1) {
        vi.advanceTimersByTime(PATIENCE_MS - 1);
        stream.read();
        await new Promise(setImmediate);
      }
      expect(stalls()).toBe(0);
      vi.advanceTimersByTime(PATIENCE_MS);
      expect(stalls()).toBe(1);
      stream.destroy();
    });

    it('has nothing to wait for once all was taken, or it was given up', async () => {
      for (const end of [
        (stream: ExportStream) => stream.resume(),
        (stream: ExportStream) => stream.destroy(),
      ]) {
        const { stream, stalls } = await stallsOf();
        const closed = once(stream, 'close');
        end(stream);
        await closed;
        vi.advanceTimersByTime(10 * PATIENCE_MS);
        expect(stalls()).toBe(0);
      }
    });
  });
});
