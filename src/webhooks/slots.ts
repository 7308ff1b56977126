/** Attempts at the same time, to one endpoint and in all. */
const OF_ONE = 32;
const IN_ALL = 256;

/** Where deliveries may be begun. */
export interface Room {
  /** Who has how many in flight; the others have none. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** How many an endpoint may have. */
  readonly ofOne: number;
  /** How many more there may be, for all to share; whatever it is, who has none in flight may begin one. */
  readonly toShare: number;
}

/** Who has how much in flight: endpoints that do not answer cannot take the place of those that do. */
export class Slots {
  private readonly inFlight = new Map<string, number>();
  private total = 0;

  take(endpointId: string): void {
    this.inFlight.set(endpointId, (this.inFlight.get(endpointId) ?? 0) + 1);
    this.total += 1;
  }

  give(endpointId: string): void {
    const left = (this.inFlight.get(endpointId) ?? 0) - 1;
    if (left > 0) this.inFlight.set(endpointId, left);
    else this.inFlight.delete(endpointId);
    this.total -= 1;
  }

  get room(): Room {
    return { inFlight: this.inFlight, ofOne: OF_ONE, toShare: Math.max(0, IN_ALL - this.total) };
  }
}
