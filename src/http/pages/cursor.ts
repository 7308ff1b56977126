import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../../config/index.js';
import { Problem } from '../problems/problem.js';

/** Where a page ended: the value of the sort column of its last row as text, and that row's id. */
export interface Position {
  readonly value: string;
  readonly id: string;
}

const MAC_BYTES = 16;

/**
 * Opaque cursors: a position, and a MAC over it together with the list that it belongs to (resource, sort, filters), so
 * that a cursor which was altered or carried to another list is refused rather than misread.
 */
@Injectable()
export class CursorCodec {
  private readonly secrets: readonly KeyObject[];

  constructor(config: Config) {
    this.secrets = config.cursorSecrets.map((secret) => createSecretKey(secret));
  }

  encode(list: string, { value, id }: Position): string {
    const payload = Buffer.from(JSON.stringify([value, id]));
    const [secret] = this.secrets;
    if (!secret) throw new Error('There is no secret to sign cursors with');
    return Buffer.concat([mac(secret, list, payload), payload]).toString('base64url');
  }

  /** Whether the cursor was made for this list. */
  isOf(list: string, cursor: string): boolean {
    return this.open(list, cursor) !== undefined;
  }

  /** @throws Problem `invalid_cursor` */
  decode(list: string, cursor: string): Position {
    const payload = this.open(list, cursor);
    if (!payload) throw new Problem('invalid_cursor');
    const [value, id] = JSON.parse(payload.toString()) as [string, string];
    return { value, id };
  }

  private open(list: string, cursor: string): Buffer | undefined {
    const bytes = Buffer.from(cursor, 'base64url');
    const given = bytes.subarray(0, MAC_BYTES);
    const payload = bytes.subarray(MAC_BYTES);
    // The comparison with the canonical spelling refuses characters that the decoder would skip.
    const genuine =
      given.length === MAC_BYTES &&
      bytes.toString('base64url') === cursor &&
      this.secrets.some((secret) => timingSafeEqual(mac(secret, list, payload), given));
    return genuine ? payload : undefined;
  }
}

function mac(secret: KeyObject, list: string, payload: Buffer): Buffer {
  const hmac = createHmac('sha256', secret)
    .update(`${Buffer.byteLength(list)}:${list}`)
    .update(payload);
  return hmac.digest().subarray(0, MAC_BYTES);
}
