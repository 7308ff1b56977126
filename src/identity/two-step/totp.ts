import { Secret, TOTP } from 'otpauth';

/** What authenticator apps expect; most of them ignore other parameters without a word. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** RFC 6238, 5.2: clocks differ and people type slowly, so the codes before and after this one are good, too. */
const WINDOW = 1;

const SECRET_BYTES = 20;

const SIX_DIGITS = /^\d{6}$/;

/** Apps and people group the digits. */
const digitsOf = (code: string) => code.replace(/[\s-]/g, '');

/** Whether it may be a code of an app: everything else is tried as a recovery code. */
export function isAppCode(code: string): boolean {
  return SIX_DIGITS.test(digitsOf(code));
}

/** 160 random bits in base32, as RFC 4226, 4 recommends. */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What apps read from a QR code. */
export function totpUri(secret: string, account: string): string {
  return new TOTP({ ...PARAMETERS, issuer: 'Stockroom', label: account, secret }).toString();
}

/** The time step (RFC 6238, 4.2) that the code belongs to; null if it is none of those that are good at this time. */
export function stepOf(secret: string, code: string, now: number): number | null {
  // The library throws for six characters that are more bytes.
  if (!isAppCode(code)) return null;
  const delta = TOTP.validate({
    ...PARAMETERS,
    secret: Secret.fromBase32(secret),
    token: digitsOf(code),
    timestamp: now,
    window: WINDOW,
  });
  return delta === null ? null : TOTP.counter({ period: PARAMETERS.period, timestamp: now }) + delta;
}
