import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream } from './event-stream.js';

const PATIENCE_MS = 60_000;
const BEGINNING = 'retry: 2000\n\n';

/** What is there to fetch, and how often that was tried. */
class Source {
  readonly fetch = vi.fn(() => Promise.resolve(this.texts.shift() ?? ''));

  constructor(private readonly texts: string[] = []) {}

  add(text: string): void {
    this.texts.push(text);
  }
}

const settle = () => new Promise(setImmediate);
const streamOf = (source: Source) => new EventStream(source.fetch, PATIENCE_MS);

describe('EventStream', () => {
  it('sends what there is, and what comes later, until it is ended', async () => {
    const source = new Source(['one ', 'two ']);
    const stream = streamOf(source);
    const all = text(stream);
    await settle();
    source.add('three');
    stream.wake();
    await settle();
    stream.end();
    expect(await all).toBe(`${BEGINNING}one two three`);
    expect(stream.closed).toBe(true);
  });

  it('fetches nothing while its reader has not taken the last, whoever wakes it', async () => {
    const source = new Source(['one', 'two', 'three']);
    const stream = streamOf(source);
    stream.wake();
    await settle();
    expect(source.fetch).not.toHaveBeenCalled();
    expect(String(stream.read())).toBe(BEGINNING);
    await settle();
    stream.wake();
    await settle();
    expect(source.fetch).toHaveBeenCalledOnce();
    expect(String(stream.read())).toBe('one');
    stream.destroy();
  });

  it('misses no call that comes while it fetches', async () => {
    const source = new Source();
    const stream = streamOf(source);
    let received = '';
    stream.on('data', (chunk: Buffer) => (received += chunk.toString()));
    source.fetch.mockImplementationOnce(() => {
      source.add('late');
      stream.wake();
      return Promise.resolve('');
    });
    await settle();
    expect(received).toBe(`${BEGINNING}late`);
    stream.destroy();
  });

  it('ends where it cannot go on', async () => {
    const source = new Source();
    source.fetch.mockRejectedValueOnce(new Error('away'));
    expect(await text(streamOf(source))).toBe(BEGINNING);
  });

  it('beats only for a reader that takes it', async () => {
    const stream = streamOf(new Source());
    for (let beat = 0; beat < 3; beat += 1) stream.beat();
    expect(String(stream.read())).toBe(BEGINNING);
    await settle();
    for (let beat = 0; beat < 3; beat += 1) stream.beat();
    expect(String(stream.read())).toBe(': still here\n\n');
    stream.destroy();
  });

  describe('with a reader that stops', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
    afterEach(() => void vi.useRealTimers());

    it('tells when it has waited for long enough, and not if there was nothing to take', async () => {
      const stream = streamOf(new Source(['one']));
      const stall = vi.fn();
      stream.on('stall', stall);
      stream.read();
      await settle();
      vi.advanceTimersByTime(PATIENCE_MS - 1);
      expect(stall).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(stall).toHaveBeenCalledOnce();
      stream.read();
      await settle();
      vi.advanceTimersByTime(10 * PATIENCE_MS);
      expect(stall).toHaveBeenCalledOnce();
      stream.destroy();
    });

    it('is closed a second after it was ended', async () => {
      const stream = streamOf(new Source(['one']));
      stream.end();
      const closed = once(stream, 'close');
      vi.advanceTimersByTime(1000);
      await closed;
    });
  });
});
