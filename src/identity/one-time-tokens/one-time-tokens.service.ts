import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { parse as parseUuid, stringify as toUuid, v4 as uuidv4 } from 'uuid';
import { Config, deriveSecret } from '../../../config/index.js';
import type { TokenPurpose } from './one-time-token.entity.js';
import { OneTimeTokensRepository } from './one-time-tokens.repository.js';
import type { PresentedToken } from './one-time-tokens.repository.js';
import { OnSchedule } from '../../platform/jobs/job.decorators.js';

export interface NewToken {
  readonly purpose: TokenPurpose;
  readonly userId: string;
  readonly email?: string;
}

/** Whose token it was, and the address that it was mailed to, if it was. */
export interface TokenBearer {
  readonly id: string;
  readonly userId: string;
  readonly email: string | null;
}

const ID_BYTES = 16;
const BYTES = ID_BYTES + 32;
const BATCH = 1000;

const MAIL_PAUSE_SECONDS = 60;
const MAX_MAILED = 5;
/** How long a mail may wait for its server; the queue gives up before. */
const MAX_DELAY_SECONDS = 7 * 24 * 60 * 60;

/**
 * Tokens that are good once, for one purpose and for a while: links in mails, the steps of a sign-in. A token is the
 * base64url of its id and a MAC of that id; so a job can write it into a mail without any table having held it.
 */
@Injectable()
export class OneTimeTokensService {
  constructor(
    private readonly tokens: OneTimeTokensRepository,
    private readonly config: Config,
  ) {}

  /** A token for a client that waits for it. */
  async create(tx: EntityManager, request: NewToken & { lifeSeconds: number }): Promise<string> {
    const { token } = await this.insert(tx, request, request.lifeSeconds);
    return token.toString('base64url');
  }

  /**
   * A token that a job will mail, by the id that this returns: see `mailOut`.
   * @returns null if the user has got enough of such mails: one a minute, and five whose links are still good
   */
  async createForMail(tx: EntityManager, request: NewToken & { email: string }): Promise<string | null> {
    const { count, newest } = await this.tokens.countOf(tx, request.userId, request.purpose, new Date());
    const tooSoon = newest !== null && newest.getTime() > Date.now() - MAIL_PAUSE_SECONDS * 1000;
    if (tooSoon || count >= MAX_MAILED) return null;
    return (await this.insert(tx, request, MAX_DELAY_SECONDS)).id;
  }

  /**
   * The token of this id, to be mailed now: its life begins, however long the mail had to wait. Null if it is no longer
   * wanted. The token is derived anew, as the signing key may have changed since; nobody has seen the one before.
   */
  async mailOut(id: string, lifeSeconds: number): Promise<{ token: string; email: string } | null> {
    const token = this.derive(id);
    const now = new Date();
    const expiresAt = later(now, lifeSeconds);
    const bearer = await this.tokens.startLife(id, now, { tokenHash: hash(token), expiresAt });
    return bearer?.email ? { token: token.toString('base64url'), email: bearer.email } : null;
  }

  /** Uses the token up. Null for one that is not valid (any more). */
  async take(tx: EntityManager, purpose: TokenPurpose, token: string): Promise<TokenBearer | null> {
    const presented = present(purpose, token);
    return presented && this.tokens.take(tx, presented, new Date());
  }

  /** Counts a try with this token, which stays valid until `take`, or until the limit is reached. */
  async tryOut(purpose: TokenPurpose, token: string, limit: number): Promise<TokenBearer | null> {
    const presented = present(purpose, token);
    return presented && this.tokens.countAttempt(presented, new Date(), limit);
  }

  /** Makes all of the user's tokens for this purpose worthless. */
  revoke(tx: EntityManager, userId: string, purpose: TokenPurpose): Promise<void> {
    return this.tokens.deleteOf(tx, userId, purpose);
  }

  @OnSchedule('one_time_tokens.remove_expired', '23 * * * *')
  async removeExpired(): Promise<void> {
    const now = new Date();
    while ((await this.tokens.deleteExpired(now, BATCH)) === BATCH);
  }

  private async insert(tx: EntityManager, { purpose, userId, email }: NewToken, seconds: number) {
    const now = new Date();
    const id = uuidv4();
    const token = this.derive(id);
    const row = {
      id,
      purpose,
      userId,
      email: email ?? null,
      tokenHash: hash(token),
      attempts: 0,
      createdAt: now,
      expiresAt: later(now, seconds),
    };
    await this.tokens.insert(tx, row);
    return { id, token };
  }

  private derive(id: string): Buffer {
    const [key] = this.config.tokens.keys;
    if (!key) throw new Error('There is no key to make tokens with');
    const bytes = parseUuid(id);
    const secret = createHmac('sha256', deriveSecret(key, 'one-time-token')).update(bytes).digest();
    return Buffer.concat([bytes, secret]);
  }
}

function present(purpose: TokenPurpose, token: string): PresentedToken | null {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== token) return null;
  try {
    return { id: toUuid(bytes.subarray(0, ID_BYTES)), purpose, tokenHash: hash(bytes) };
  } catch {
    // Sixteen bytes that are no UUID: nobody's token.
    return null;
  }
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** The secret has 256 bits, so a plain hash is enough to store it. */
function hash(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}
