/** Makes services fail on purpose, as if that part of the system were down. */
import { WarbleError } from '#domain/errors.ts';
import type { Services } from '#system/system.ts';

export interface Outages {
  /** Every call of this service throws `unavailable` until `restore`. */
  fail(service: keyof Services): void;
  restore(): void;
}

/**
 * Wraps every method of the services in place, so that existing references are affected too. To be called before
 * anything takes a method out of its object.
 */
export function addOutages(services: Services): Outages {
  const down = new Set<string>();
  for (const [name, service] of Object.entries(services)) {
    const methods = service as unknown as Record<string, (request: unknown) => Promise<unknown>>;
    for (const [method, call] of Object.entries(methods)) {
      methods[method] = async (request) => {
        if (down.has(name)) throw new WarbleError('unavailable', `The ${name} service is down.`);
        return call.call(service, request);
      };
    }
  }
  return {
    fail: (service) => void down.add(service),
    restore: () => down.clear(),
  };
}
