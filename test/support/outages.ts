/** Makes services fail on purpose, as a part of the system that is down would. */
import { WarbleError } from '#domain/errors.ts';
import type { Services } from '#system/system.ts';

export interface Outages {
  /** Every call to this service, by whomever, throws `unavailable` until `restore`. */
  fail(service: keyof Services): void;
  restore(): void;
}

/**
 * Puts a switch into every method of the services, in place: whoever was handed a service calls through it. To be
 * done before anybody takes a method out of its object.
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
