import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/index.js';
import { isPublicAddress } from './addresses.js';
import { AttemptFailure } from './attempt.js';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

const DNS = { timeout: 2000, tries: 2 };

/** Where the hosts of endpoints are. */
@Injectable()
export class HostAddresses {
  /** Asks by itself: the system's lookup takes a thread of the few that hashing passwords needs, too. */
  private readonly resolver = new Resolver(DNS);

  constructor(private readonly config: Config) {}

  /**
   * The addresses to connect to, and no others. One that is not public spoils all: the name is somebody's attempt to get
   * at it.
   * @throws AttemptFailure `host_not_found`, `address_not_allowed`
   */
  async allowedOf(host: string): Promise<HostAddress[]> {
    const addresses = await this.resolve(host);
    if (addresses.length === 0) throw new AttemptFailure('host_not_found');
    if (!this.config.webhooks.allowPrivateHosts && !addresses.every(isPublicAddress))
      throw new AttemptFailure('address_not_allowed');
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }

  /** As the internet knows the name; where private hosts are allowed, as this machine does. */
  async resolve(host: string): Promise<string[]> {
    if (this.config.webhooks.allowPrivateHosts) {
      const found = await lookup(host, { all: true }).catch(() => []);
      return found.map(({ address }) => address);
    }
    const found = await Promise.allSettled([this.resolver.resolve4(host), this.resolver.resolve6(host)]);
    return found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }
}
