/** Instrumented services for tests: calls are counted, hooks run around them, and a service can be down. */
import { WarbleError } from '#domain/errors.ts';

type Hook = () => Promise<unknown>;
type Call = (request: unknown) => Promise<unknown>;

export interface Watch {
  /** The number of calls by `service.method`, including those while the service was down. */
  calls: Map<string, number>;
  /** Names of services whose every call throws `unavailable`. */
  down: Set<string>;
  /** Runs once, just before or just after the next call of a `service.method`. */
  before: Map<string, Hook>;
  after: Map<string, Hook>;
  /** The service, instrumented under this name; calls of the original are not noticed. */
  over<Service extends object>(name: string, service: Service): Service;
}

export function createWatch(): Watch {
  const calls: Watch['calls'] = new Map();
  const down: Watch['down'] = new Set();
  const before: Watch['before'] = new Map();
  const after: Watch['after'] = new Map();

  async function once(hooks: Map<string, Hook>, name: string): Promise<void> {
    const hook = hooks.get(name);
    hooks.delete(name);
    await hook?.();
  }
  return {
    calls,
    down,
    before,
    after,
    over: (name, service) =>
      new Proxy(service, {
        get(target, method: string) {
          const member: unknown = Reflect.get(target, method);
          if (typeof member !== 'function') return member;
          const call = member as Call;
          return async (request: unknown) => {
            const full = `${name}.${method}`;
            calls.set(full, (calls.get(full) ?? 0) + 1);
            await once(before, full);
            if (down.has(name)) throw new WarbleError('unavailable', `${name} is down`);
            const answer = await call(request);
            await once(after, full);
            return answer;
          };
        },
      }),
  };
}
