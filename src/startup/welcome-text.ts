import type { Config } from '../../config/index.js';
import type { FirstRun } from './first-run.js';

/** What a person at the terminal wants to know once the service runs. */
export function welcomeText({ http }: Config, { admin, products }: FirstRun): string {
  const lines = [
    '',
    'Stockroom is running.',
    '',
    `  API         ${http.publicUrl}/v1`,
    `  Swagger UI  ${http.publicUrl}/docs`,
    `  OpenAPI     ${http.publicUrl}/openapi.json`,
    '',
    `  Sign in     POST ${http.publicUrl}/v1/auth/login {"email", "password"}`,
  ];
  if (admin)
    lines.push(`  Admin       ${admin.email}   password: ${admin.password}   (shown only this once)`);
  if (products > 0) lines.push(`  Catalogue   ${products} products to look at`);
  lines.push('', '  Ctrl-C stops it.', '', '');
  return lines.join('\n');
}
