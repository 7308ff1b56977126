import { Injectable } from '@nestjs/common';
import { Config } from '../../config/index.js';
import { AttemptFailure } from './attempt.js';
import { newSecret } from './signature.js';

/** The secrets of endpoints, which are sealed in the database. */
@Injectable()
export class EndpointSecrets {
  constructor(private readonly config: Config) {}

  create(endpointId: string): { secret: string; sealedSecret: string } {
    const secret = newSecret();
    return { secret, sealedSecret: this.config.sealer.seal(secret, contextOf(endpointId)) };
  }

  /** @throws AttemptFailure if the key that sealed it is not in the file any more */
  open(endpointId: string, sealedSecret: string): string {
    const secret = this.config.sealer.open(sealedSecret, contextOf(endpointId));
    if (secret === null) throw new AttemptFailure('secret_unreadable');
    return secret;
  }
}

function contextOf(endpointId: string): string {
  return `webhook:${endpointId}`;
}
