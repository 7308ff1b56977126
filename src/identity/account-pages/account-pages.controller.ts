import { readFileSync } from 'node:fs';
import { applyDecorators, Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { Public } from '../../http/access/access.decorators.js';
import { ReturnsDocument } from '../../http/responses/returns.decorators.js';

/** Everything comes from this server. A form that no script has taken over goes nowhere: it holds a password. */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

const asset = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');

const ReturnsFile = (mediaType: string) =>
  applyDecorators(
    ReturnsDocument(mediaType),
    ApiExcludeEndpoint(),
    Header('content-type', `${mediaType}; charset=utf-8`),
    Header('content-security-policy', POLICY),
    Header('cache-control', 'public, no-cache'),
  );

/** The pages that links in mails open. They are for people, and no part of the API. */
@Controller('account')
export class AccountPagesController {
  private readonly verifyEmail = asset('verify-email.html');
  private readonly resetPassword = asset('reset-password.html');
  private readonly script = asset('account.js');
  private readonly style = asset('account.css');

  @Get('verify-email')
  @Public()
  @ReturnsFile('text/html')
  getVerifyEmailPage() {
    return this.verifyEmail;
  }

  @Get('reset-password')
  @Public()
  @ReturnsFile('text/html')
  getResetPasswordPage() {
    return this.resetPassword;
  }

  @Get('account.js')
  @Public()
  @ReturnsFile('text/javascript')
  getScript() {
    return this.script;
  }

  @Get('account.css')
  @Public()
  @ReturnsFile('text/css')
  getStyle() {
    return this.style;
  }
}
